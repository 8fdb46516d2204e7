import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeResult } from '../analysis/measure/results/folder.ts';
import { writeRun } from '../analysis/workspace/run/write.ts';
import { runCommand } from '../tests/builders/command.ts';
import { madeUpEvaluation } from '../tests/builders/results.ts';
import { madeUpRun } from '../tests/builders/run.ts';

let home: string;
let result: string;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-label-'));
	const { record, sums, windows } = madeUpRun('a');
	for (const id of ['a', 'b'])
		await writeRun(join(home, 'runs', id), { ...record, id }, sums, windows);
	({ id: result } = await writeResult(home, madeUpEvaluation()));
});
afterAll(() => rm(home, { recursive: true }));

const command = async (...args: string[]) => {
	const { code, stdout, stderr } = await runCommand([...args, '--home', home]);
	expect(code, stderr).toBe(0);
	return stdout;
};

describe('spanwise label', () => {
	it('names, tags and pins a run, and keeps what it is not asked to change', async () => {
		expect(await command('label', 'b')).toBe('b has no label\n');
		await command('label', 'b', '--name', 'first try', '--tag', 'Paper', '--tag', 'draft', '--pin');
		await command('label', 'b', '--untag', 'draft', '--note', 'The map of figure 2.');
		expect(await command('label', 'b')).toBe(
			'id      b\nname    first try\ntags    paper\npinned  yes\nnote    The map of figure 2.\n'
		);
		await command('label', 'b', '--no-pin', '--name', '');
		expect(JSON.parse(await command('label', 'b', '--json'))).toEqual({
			...{ id: 'b', name: '', note: 'The map of figure 2.', tags: ['paper'], pinned: false }
		});
		await command('label', 'b', '--clear', '--pin');
		expect(await command('label', 'b')).toBe('id      b\npinned  yes\n');
	});
	it('shows in the results, pinned first, where it is searched for', async () => {
		await command('label', 'b', '--name', 'first try', '--pin');
		await command('label', result, '--tag', 'paper');
		const [header, first] = (await command('results')).split('\n');
		expect(header).toMatch(/ID .*LABEL +TAGS +PINNED$/);
		expect(first).toMatch(/^tiny +analyze +b .* first try +– +yes$/);
		const ids = async (...where: string[]) =>
			(
				JSON.parse(
					await command('results', ...where.flatMap((each) => ['--where', each]), '--json')
				) as { id: string }[]
			).map(({ id }) => id);
		expect(await ids('tag:paper')).toEqual([result]);
		expect(await ids('name:try', 'kind=analyze')).toEqual(['b']);
		expect(await ids('pinned!=yes')).toEqual(expect.arrayContaining(['a', result]));
	});
	it.each([
		[
			['label', 'c'],
			/^error: c: no run or result of the workspace .*; ids are in: spanwise results/
		],
		[['label', 'a', '--name', 'x'.repeat(81)], /^error: label: name: longer than 80 characters/],
		[['label', 'a', '--tag', '#1'], /^error: label: tags\.0: found "#1"; expected a tag of letters/]
	])('refuses %j', async (args, message) => {
		const { code, stderr } = await runCommand([...args, '--home', home]);
		expect(code).toBe(2);
		expect(stderr).toMatch(message);
	});
	it('says which file is no label, and writes it anew when told to', async () => {
		await command('label', 'a', '--pin');
		await writeFile(join(home, 'labels', 'runs', 'a.json'), '{');
		const { code, stderr } = await runCommand(['label', 'a', '--home', home]);
		expect([code, stderr]).toEqual([2, expect.stringContaining('a.json: not JSON')]);
		expect(await command('label', 'a', '--clear', '--name', 'anew')).toContain('anew');
	});
});
