import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';
import { peakRssBytes } from './peakMemory.ts';

const MB = 1e6;
const BALLAST = 800 * MB;
const onLinux = process.platform === 'linux' ? it : it.skip;

const folder = mkdtempSync(join(tmpdir(), 'spanwise-peak-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The peak that a process started from this one reports of itself. */
function peakOfChild(): number {
	const source = readFileSync(new URL('peakMemory.ts', import.meta.url), 'utf8');
	const { outputText } = ts.transpileModule(source, {
		compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
	});
	const script = join(folder, 'peak.mjs');
	writeFileSync(script, `${outputText}\nconsole.log(peakRssBytes());`);
	return Number(execFileSync(process.execPath, [script], { encoding: 'utf8' }));
}

describe('the peak of memory', () => {
	it('is what is resident now, at least', () => {
		expect(peakRssBytes()).toBeGreaterThanOrEqual(process.memoryUsage.rss() * 0.9);
	});

	onLinux('is not that of the process that started this one', () => {
		const ballast = Buffer.alloc(BALLAST, 1);
		const peak = peakOfChild();
		expect(ballast.length).toBe(BALLAST);
		expect(peak).toBeGreaterThan(20 * MB);
		expect(peak).toBeLessThan(BALLAST / 2);
	});
});
