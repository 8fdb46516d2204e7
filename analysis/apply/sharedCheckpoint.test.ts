import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyCheckpoint } from '../../tests/builders/checkpoint.ts';
import { runCommand } from '../../tests/builders/command.ts';
import { deploy, planFor } from '../../tests/builders/deployed.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import type { ModelListing } from '../model/checkpoint/types.ts';
import { compareRuns } from '../compare/compareRuns.ts';
import type { EvaluateReport } from '../measure/evaluate/types.ts';
import { readRun, readSums } from '../workspace/run/read.ts';
import { similarityOf } from '../similarity/similarity.ts';
import { METRICS, VIEWS, type Metric, type View } from '../similarity/types.ts';

const LAYERS = 6;
/** Layers 1 and 2 reuse layer 0's attention, 5 that of 4 with heads mapped, 3 has none. */
const SOURCES = [0, 0, 0, null, 4, 4];
const WORDS = ['sea', 'rain', 'cat', 'sand', 'door', 'mat', 'bread'];
const HEADS = [3, 0, 0, 2];
const TEXT = Array.from(
	{ length: 120 },
	(_, at) =>
		`the ${WORDS[(at * at) % 7]} and a ${WORDS[(3 * at + 1) % 5]} on the ${WORDS[at % 6]}. `
).join('');

let scratch: string;
let model: string;
let shared: string;
let planFile: string;
let home: string[];
let windows: string[];
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-shared-'));
	home = ['--home', join(scratch, 'home')];
	model = join(scratch, 'original');
	await writeTinyCheckpoint(model, { config: { num_hidden_layers: LAYERS } });
	const plan = await planFor(model, SOURCES, (source) => (source === 4 ? HEADS : [0, 1, 2, 3]));
	planFile = join(scratch, 'plan.json');
	await writeFile(planFile, JSON.stringify(plan));
	await writeFile(join(scratch, 'text.txt'), TEXT);
	shared = await deploy(model, join(scratch, 'shared'), { plan, target: 'transformers' });
	windows = ['--text', join(scratch, 'text.txt'), '--context', '40', '--windows', '4'];
	const measured = ['--metrics', METRICS.join(','), '--views', VIEWS.join(',')];
	for (const of of [model, shared]) {
		await command('analyze', of, ...windows, ...measured, '--out', runFolder(of));
	}
});
afterAll(() => rm(scratch, { recursive: true }));

/** Standard output of a command that succeeds. */
async function command(...args: string[]): Promise<string> {
	const { code, stdout, stderr } = await runCommand([...args, ...home]);
	expect(code, stderr).toBe(0);
	return stdout;
}

function runFolder(of: string): string {
	return join(scratch, `run-${basename(of)}`);
}

/** One metric and view of the run of the written checkpoint. */
async function similarity(metric: Metric, view: View) {
	const record = await readRun(runFolder(shared));
	const sums = await readSums(runFolder(shared), record, view);
	const { matrix, ...others } = similarityOf(sums, metric, [0, 0, 0, 0]);
	return { at: (l: number, m: number) => matrix[l * LAYERS + m], matrix, ...others };
}

describe('the run of a checkpoint that was written with a plan', () => {
	const cases = METRICS.flatMap((metric) => VIEWS.map((view) => ({ metric, view })));

	it.each(cases)('$metric, $view: followers are as like as 1', async ({ metric, view }) => {
		const { at } = await similarity(metric, view);
		for (const [l, m] of [
			[0, 1],
			[0, 2],
			[1, 2]
		]) {
			expect(at(l, m)).toBeCloseTo(1, 6);
			expect(at(m, l)).toBeCloseTo(1, 6);
		}
		expect(at(0, 4)).toBeLessThan(0.9);
	});

	it.each(VIEWS)(
		'%s: a follower with heads mapped is as like as 1 once heads are matched',
		async (view) => {
			expect((await similarity('cosine-matched', view)).at(4, 5)).toBeCloseTo(1, 6);
			expect((await similarity('cosine', view)).at(4, 5)).toBeLessThan(0.9);
		}
	);

	it.each(cases)(
		'$metric, $view: a layer without attention is like no other, and nothing is NaN',
		async (of) => {
			const { at, matrix, low, high, null: nulls } = await similarity(of.metric, of.view);
			// The divergence of rows of zeros is ½ ln 2 from any others.
			const expected = of.metric === 'js' ? 1 - Math.sqrt(0.5) : 0;
			for (const layer of [0, 1, 2, 4, 5]) expect(at(layer, 3)).toBeCloseTo(expected, 5);
			for (const each of [matrix, low, high, nulls])
				expect(each?.some(Number.isNaN)).not.toBe(true);
		}
	);

	it('says which layers have no attention of their own', async () => {
		expect((await readRun(runFolder(shared))).notes).toEqual([
			'layers 1, 2, 3, 5 have no attention of their own, by config.json: make plans from a run of the model that it was made from'
		]);
		expect((await readRun(runFolder(model))).notes).toEqual([]);
	});

	it('has the loss that the plan gives the original', async () => {
		const json = await command('evaluate', model, '--plan', planFile, ...windows, '--json');
		const report = JSON.parse(json) as EvaluateReport;
		const { loss, windows: taken } = await readRun(runFolder(shared));
		expect(taken.map(({ start }) => start)).toEqual(report.windows.map(({ start }) => start));
		expect(Math.abs(loss - report.shared.loss)).toBeLessThan(1e-5);
		expect(Math.abs(loss - report.baseline.loss)).toBeGreaterThan(1e-3);
	});

	it('is compared with the run of the original, window by window', async () => {
		for (const { metric, view } of cases) {
			const inputs = await Promise.all(
				[runFolder(model), runFolder(shared)].map(async (folder) => {
					const record = await readRun(folder);
					return { record, sums: await readSums(folder, record, view) };
				})
			);
			const { pairs, runs, differing } = compareRuns(inputs, { metric, view });
			const [{ map, notPaired }] = pairs;
			const resampled = metric === 'cosine' || metric === 'cosine-mean';
			expect(notPaired === null).toBe(resampled);
			expect(map.size).toBe(LAYERS);
			expect(runs.map(({ name }) => name)).toEqual(['original', 'shared']);
			expect(differing.map(({ title }) => title)).toContain('parameters');
			const curves = runs.flatMap(({ curves: { nextLayer } }) => nextLayer.values);
			expect(curves.every(Number.isFinite)).toBe(true);
		}
		const text = await command('compare', runFolder(model), runFolder(shared));
		expect(text).toContain('A − B, paired over blocks of windows of one document');
	});
});

it('a checkpoint that was written with a plan is listed among the models, with what it weighs', async () => {
	const json = await command('models', '--models', scratch, '--json');
	const listings = JSON.parse(json) as ModelListing[];
	const [original, written] = ['original', 'shared'].map((id) =>
		listings.find((listing) => listing.id === id)
	);
	expect(written).toMatchObject({ folder: shared, problem: null, facts: { layers: LAYERS } });
	// q and k of three followers; of one dropped layer q, k, v, o and its norm.
	const [q, kv] = [32 * 32, 32 * 16];
	const saved = 3 * (q + kv) + (2 * q + 2 * kv + 32);
	const counts = [original, written].map((listing) => listing?.facts?.parameters ?? 0);
	expect(counts[0] - counts[1]).toBe(saved);
});

describe('the type of a checkpoint that was written with a plan', () => {
	const configOf = async (folder: string): Promise<Record<string, unknown>> =>
		JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;

	it('is none that transformers knows, so that it loads nothing at random', async () => {
		expect(await configOf(shared)).toMatchObject({
			architectures: ['SpanwiseLlamaForCausalLM'],
			auto_map: {
				AutoConfig: 'modeling_spanwise.SpanwiseLlamaConfig',
				AutoModelForCausalLM: 'modeling_spanwise.SpanwiseLlamaForCausalLM'
			},
			model_type: 'spanwise_llama',
			spanwise: { sources: SOURCES }
		});
		expect(await readFile(join(shared, 'README.md'), 'utf8')).toContain('`spanwise_llama`');
	});

	it('may be that of the plain model, as earlier versions wrote it', async () => {
		const old = join(scratch, 'old');
		await cp(shared, old, { recursive: true });
		const config = {
			...(await configOf(shared)),
			architectures: ['LlamaForCausalLM'],
			model_type: 'llama'
		};
		await writeFile(join(old, 'config.json'), JSON.stringify(config));
		const [before, now] = await Promise.all([old, shared].map(openCheckpoint));
		expect(before.config).toEqual(now.config);
	});

	it('is that of the plain model where the plan is in a graph', async () => {
		const out = await deploy(shared, join(scratch, 'shared-onnx'));
		expect(await configOf(out)).toMatchObject({ model_type: 'llama' });
	});
});
