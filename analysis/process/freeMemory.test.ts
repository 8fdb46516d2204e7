import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freeMemoryBytes, leftInGroups } from './freeMemory.ts';

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'spanwise-cgroup-'))));
afterEach(() => rmSync(root, { recursive: true }));

function group(path: string, files: Record<string, string | number>): void {
	mkdirSync(join(root, path), { recursive: true });
	for (const [name, text] of Object.entries(files))
		writeFileSync(join(root, path, name), `${text}\n`);
}

describe('memory left to this process', () => {
	it('is what is left of a container, idle file pages included', () => {
		group('/', {
			'memory.max': 1000,
			'memory.current': 700,
			'memory.stat': 'anon 300\ninactive_file 250\nactive_file 150'
		});
		expect(leftInGroups('0::/\n', root)).toBe(550);
	});
	it('is the least of all groups around it', () => {
		group('/a', { 'memory.max': 500, 'memory.current': 100 });
		group('/a/b', { 'memory.max': 'max', 'memory.current': 90 });
		expect(leftInGroups('0::/a/b\n', root)).toBe(400);
		group('/a/b', { 'memory.max': 100, 'memory.current': 130 });
		expect(leftInGroups('0::/a/b\n', root)).toBe(0);
	});
	it('is what is left of a container of the older control groups, whose limit may be none', () => {
		const none = 9223372036854771712n;
		group('/memory', {
			'memory.limit_in_bytes': none.toString(),
			'memory.usage_in_bytes': 5000
		});
		expect(leftInGroups('4:memory:/\n0::/\n', root)).toBe(Infinity);
		group('/memory/docker/abc', {
			'memory.limit_in_bytes': 1000,
			'memory.usage_in_bytes': 700,
			'memory.stat': 'inactive_file 1\ntotal_inactive_file 250'
		});
		for (const controllers of ['memory', 'cpu,memory', 'memory,hugetlb'])
			expect(leftInGroups(`4:${controllers}:/docker/abc\n0::/\n`, root)).toBe(550);
		// Where a container sees its own group as the root.
		group('/memory', { 'memory.limit_in_bytes': 900, 'memory.usage_in_bytes': 500 });
		expect(leftInGroups('4:memory:/seen/from/outside\n', root)).toBe(400);
		expect(leftInGroups('4:cpu:/docker/abc\n', root)).toBe(Infinity);
	});
	it('is not limited by groups without a limit, nor where there are none', () => {
		group('/', { 'memory.max': 'max', 'memory.current': 90 });
		for (const membership of ['0::/\n', '0::/gone\n', '4:memory:/x\n', '']) {
			expect(leftInGroups(membership, root)).toBe(Infinity);
		}
	});
	it('is never more than the machine has free', () => {
		const left = freeMemoryBytes();
		expect(left).toBeGreaterThan(0);
		expect(left).toBeLessThanOrEqual(freemem() * 1.2);
	});
});
