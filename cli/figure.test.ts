import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readResult, writeResult } from '../analysis/measure/results/folder.ts';
import { runCommand } from '../tests/builders/command.ts';
import { seedWorkspace } from '../tests/builders/seed.ts';

let folder: string;
let run: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-figure-'));
	run = (await seedWorkspace(folder, ['mini-llama2']))[0].run;
});
afterAll(() => rm(folder, { recursive: true }));

const figure = (...args: string[]) => runCommand(['figure', run, '--home', folder, ...args]);

it.each([
	['map', 'mini-llama2: cosine of attention'],
	['profile', 'mini-llama2: layer profile'],
	['damage', 'mini-llama2: loss increase'],
	['front', 'mini-llama2: savings vs. loss'],
	['importance', 'mini-llama2: importance of attention']
])('draws a %s with its numbers, a script and LaTeX beside it', async (kind, title) => {
	const out = join(folder, `${kind}.pdf`);
	const { code, stdout } = await figure('--kind', kind, '--out', out, '--json');
	expect(code).toBe(0);
	const files = ['pdf', 'csv', 'py', 'tex'].map((end) => join(folder, `${kind}.${end}`));
	expect(JSON.parse(stdout)).toEqual({ files });
	const [pdf, csv, py, tex] = await Promise.all(files.map((file) => readFile(file)));
	expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
	expect(pdf.length).toBeLessThan(100_000);
	expect(csv.toString()).toContain(`# title: ${title}`);
	expect(py.toString()).toContain(`open("${kind}.csv"`);
	expect(tex.toString()).toContain('spanwise');
});

it('writes PNG at 300 dpi, 2025 pixels across two columns', async () => {
	const out = join(folder, 'map.png');
	expect((await figure('--style', 'double', '--out', out)).code).toBe(0);
	expect((await readFile(out)).readUInt32BE(16)).toBe(2025);
});

it.each([
	[['--out', 'map.bmp'], '--out map.bmp: expected a name that ends in .pdf, .svg, .png'],
	[['--out', 'a.pdf', '--range', '1,0'], 'expected low,high such as 0,1']
])('refuses %j', async (args, message) => {
	const { code, stderr } = await figure(...args);
	expect(code).not.toBe(0);
	expect(stderr).toContain(message);
});

it('refuses the importance of a search of an earlier version', async () => {
	const stored = await readResult(folder, 'mini-llama2-search');
	delete stored.checksum;
	const { result } = stored;
	if (result.kind !== 'search') throw new Error('no search');
	const report = { ...result.search.report };
	delete report.importance;
	const earlier = { ...stored, result: { ...result, search: { ...result.search, report } } };
	await writeResult(folder, earlier, [], { id: 'earlier' });
	const args = ['--preset', 'llm-drop', '--result', 'earlier', '--out', join(folder, 'a.pdf')];
	const { code, stderr } = await figure(...args);
	expect([code, stderr]).toEqual([2, expect.stringContaining('kept no importance; search again')]);
});
