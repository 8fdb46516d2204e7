import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dynamics } from '../analysis/compare/dynamics.ts';
import { readDynamics } from '../analysis/compare/storedDynamics.ts';
import { writeTinyCheckpoint } from '../tests/builders/checkpoint.ts';
import { runCommand } from '../tests/builders/command.ts';

const LAYERS = 4;
let folder: string;
const at = (...names: string[]) => join(folder, ...names);
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-dynamics-'));
	for (const [step, seed] of [
		[10, 1],
		[2000, 2]
	])
		await writeTinyCheckpoint(at('out', `checkpoint-${step}`), {
			seed,
			config: { num_hidden_layers: LAYERS }
		});
});
afterAll(() => rm(folder, { recursive: true }));

function dynamics(...args: string[]) {
	const text = ['--text', 'static/samples/walden.txt', '--context', '32', '--windows', '3'];
	return runCommand(['dynamics', at('out'), ...text, '--home', at('home'), ...args]);
}

const runs = () => readdir(at('home', 'runs'));

describe('spanwise dynamics', () => {
	it('says of each checkpoint its loss, recall and how alike neighbouring layers attend', async () => {
		const { code, stdout, stderr } = await dynamics('--json');
		expect(stderr).not.toContain('error');
		expect(code).toBe(0);
		const { steps, windows, context, metric } = JSON.parse(stdout) as Dynamics;
		expect([windows, context, metric]).toEqual([3, 32, 'cosine']);
		expect(steps.map(({ step, name }) => [step, name])).toEqual([
			[10, 'checkpoint-10'],
			[2000, 'checkpoint-2000']
		]);
		for (const { run, pairs, similarity, recall, damage } of steps) {
			const printed = await runCommand(['similarity', run, '--home', at('home')]);
			const { matrix } = JSON.parse(printed.stdout) as { matrix: number[][] };
			expect(pairs).toEqual([matrix[0][1], matrix[1][2], matrix[2][3]]);
			expect(similarity.value).toBeCloseTo((pairs[0] + pairs[1] + pairs[2]) / 3, 12);
			expect(similarity.low).toBeLessThanOrEqual(similarity.value);
			expect(recall).toBeGreaterThan(0);
			expect(damage).toBeNull();
		}
		expect(steps[0].loss).not.toBe(steps[1].loss);
	});

	it('takes what the workspace has of the same weights, text and windows, and no other', async () => {
		const before = await runs();
		const again = await dynamics('--format', 'csv');
		expect(again.stderr).toContain('is of the same weights and text');
		expect(await runs()).toEqual(before);
		const [header, ...lines] = again.stdout.trim().split('\n');
		expect(header).toBe('step,name,run,loss,recall,similarity,low,high,0-1,1-2,2-3');
		expect(lines.map((line) => line.split(',')[0])).toEqual(['10', '2000']);
		await dynamics('--windows', '2');
		expect(await runs()).toHaveLength(before.length + 2);
	});

	it('writes a page and a figure with its numbers', async () => {
		const page = await dynamics('--out', at('page.html'));
		expect(page.code).toBe(0);
		expect(page.stdout).toMatch(/^ *step .*least alike/);
		const html = await readFile(at('page.html'), 'utf8');
		expect(html).toContain('<svg');
		expect(html.match(/<tr>/g)).toHaveLength(3);
		await dynamics('--out', at('figure.svg'));
		const csv = await readFile(at('figure.csv'), 'utf8');
		expect(csv).toContain('similarity of neighbouring layers');
		expect(await readdir(folder)).toEqual(
			expect.arrayContaining(['figure.csv', 'figure.py', 'figure.svg', 'figure.tex'])
		);
	});

	it('keeps the training in the workspace, of which a figure is drawn', async () => {
		const { stderr } = await dynamics('--format', 'csv');
		const id = /kept as (out-[0-9a-f]{8})/.exec(stderr)?.[1] ?? '';
		const stored = await readDynamics(at('home'), id);
		expect(stored.name).toBe('out');
		expect(stored.dynamics.steps.map(({ step }) => step)).toEqual([10, 2000]);
		expect(stored.command).toContain('--context 32 --windows 3 --metric cosine');
		const draw = (...args: string[]) =>
			runCommand(['figure', '--kind', 'dynamics', '--home', at('home'), ...args]);
		expect((await draw(id, '--out', at('training.svg'))).code).toBe(0);
		expect(await readFile(at('training.csv'), 'utf8')).toContain('loss (nats/token)');
		const unknown = await draw('other', '--out', at('other.svg'));
		expect(unknown.code).toBe(2);
		expect(unknown.stderr).toContain(`other: no training of that name; there are: ${id}`);
		const two = await draw(id, id, '--out', at('two.svg'));
		expect(two.stderr).toContain('--kind dynamics: found 2 names; it draws one training');
	});

	it('measures damage where it is asked to', async () => {
		const { stdout } = await dynamics('--damage', '--recall', 'off', '--format', 'json');
		const { steps } = JSON.parse(stdout) as Dynamics;
		for (const { damage } of steps) {
			expect(damage?.drop).toHaveLength(LAYERS);
			expect(damage?.next).toHaveLength(LAYERS - 1);
			expect(damage?.drop.every((loss) => loss !== null && loss !== 0)).toBe(true);
		}
	});

	it.each([
		[['--out', 'figure.gif'], 'expected a name that ends in .pdf, .svg, .png, .html'],
		[['--metric', 'angle'], "'--metric <metric>'"],
		[['--dtype', 'bfloat16'], '--dtype bfloat16: of the torch engine; add --engine torch']
	])('refuses %j', async (args, message) => {
		const { code, stderr } = await dynamics(...args);
		expect(code).toBe(2);
		expect(stderr).toContain(message);
	});
});
