import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyCheckpoint } from '../../../tests/builders/checkpoint.ts';
import { Reporter } from '../../telemetry/reporter.ts';
import { openCheckpoint } from '../../model/checkpoint/open.ts';
import { WeightReader } from '../../model/checkpoint/read.ts';
import type { Checkpoint } from '../../model/checkpoint/types.ts';
import { CheckpointPlans } from '../../engine/checkpointPlans.ts';
import { ForwardPass, type LayerSources } from '../../engine/forward.ts';
import { LanguageHead } from '../../engine/head.ts';
import { allocateWindow, attentionLayout, squareAttention } from '../../engine/layout.ts';
import { WeightSource } from '../../engine/weights.ts';
import { mean } from '../../statistics/figures.ts';
import type { Progress } from '../../telemetry/progress.ts';
import { loadTokenizer } from '../../model/tokens/tokenizer.ts';
import { cutWindows } from '../../model/tokens/windows.ts';
import type { Window } from '../../model/tokens/types.ts';
import { cutProbes, type Probes } from '../../model/tokens/probes.ts';
import { RECALL_OFF } from '../recallSetting.ts';
import { type DamageOptions } from './damage.ts';
import { measureCases } from './measure.ts';
import { ProgressFile, type ProgressHeader } from '../lossFile.ts';
import { damageReport } from './report.ts';
import type { DamageRequest } from './types.ts';
import { measureDamage, prepareDamage } from '../../../tests/builders/opened.ts';

const LAYERS = 5;
const CONTEXT = 32;
const DOCUMENTS = ['sea', 'hand'].map((word) => ({
	name: `${word}.txt`,
	text: `the ${word} and the rain on the sand, and again the ${word}. `.repeat(30)
}));

let home: string;
let tiny: string;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-damage-'));
	tiny = join(home, 'tiny');
	await writeTinyCheckpoint(tiny, { config: { num_hidden_layers: LAYERS } });
});
afterAll(() => rm(home, { recursive: true }));

let files = 0;
function newFile(): string {
	return join(home, 'results', `${files++}.jsonl`);
}

const HEADER: ProgressHeader = {
	format: 'spanwise/damage',
	version: '1',
	model: 'tiny',
	texts: [],
	context: CONTEXT,
	windows: 4,
	maxSpan: 3
};

function requestOf(request: Partial<DamageRequest>): DamageRequest {
	return {
		modelFolder: tiny,
		documents: DOCUMENTS,
		context: CONTEXT,
		windows: 4,
		maxSpan: 3,
		recall: false,
		memoryLimitBytes: 2e9,
		home,
		progressFile: newFile(),
		...request
	};
}

function measure(request: Partial<DamageRequest> = {}, options: Partial<DamageOptions> = {}) {
	return measureDamage(requestOf(request), { onProgress: () => undefined, ...options });
}

/** The model run plainly, from its first layer to its last, on the same windows. */
async function plain<Result>(
	use: (run: {
		checkpoint: Checkpoint;
		windows: Window[];
		forward: ForwardPass;
		head: LanguageHead;
	}) => Promise<Result>
): Promise<Result> {
	const checkpoint = await openCheckpoint(tiny);
	const { config } = checkpoint;
	const tokenizer = await loadTokenizer(tiny, config);
	const { windows } = await cutWindows(DOCUMENTS, tokenizer, { context: CONTEXT, windows: 4 });
	const reader = new WeightReader();
	const weights = new WeightSource(checkpoint, reader, { resident: true, hasher: null });
	const forward = new ForwardPass(config, attentionLayout(config, CONTEXT), weights);
	const head = await LanguageHead.open(config, CONTEXT, weights);
	try {
		return await use({ checkpoint, windows, forward, head });
	} finally {
		await forward.release();
		await head.release();
		await reader.close();
	}
}

/** Loss of each window with these sources. */
function plainLosses(sources: LayerSources): Promise<number[]> {
	return plain(async ({ checkpoint, windows, forward, head }) => {
		const losses: number[] = [];
		for (const { ids } of windows) {
			const buffer = allocateWindow(attentionLayout(checkpoint.config, CONTEXT));
			const state = await forward.start(ids, buffer);
			await forward.run([state], { sources });
			losses.push(mean((await head.losses([{ hidden: state.hidden, ids }]))[0]));
		}
		return losses;
	});
}

describe('the loss of a case', () => {
	it.each<[string, LayerSources]>([
		['baseline', [0, 1, 2, 3, 4]],
		['drop 0', [null, 1, 2, 3, 4]],
		['drop 3', [0, 1, 2, null, 4]],
		['share 0 with 1', [0, 0, 2, 3, 4]],
		['share 0 with 3', [0, 1, 2, 0, 4]],
		['share 1 with 4', [0, 1, 2, 3, 1]],
		['share 1 with 2-3', [0, 1, 1, 1, 4]],
		['share 2 with 3-4', [0, 1, 2, 2, 2]]
	])('%s is exactly that of a plain pass with the sources %j', async (name, sources) => {
		const progressFile = join(home, 'cases.jsonl');
		await measure({ progressFile });
		const found = (await readFile(progressFile, 'utf8'))
			.split('\n')
			.filter((line) => line.includes(`"case":"${name}"`))
			.map((line) => (JSON.parse(line) as { loss: number }).loss);
		expect(found).toEqual(await plainLosses(sources));
	});
});

describe('the damage map', () => {
	it('has every drop, every pair and every span up to the longest, each the mean over windows', async () => {
		const { report, drops } = await measure();
		const baseline = mean(await plainLosses([0, 1, 2, 3, 4]));
		expect(report.baseline.loss).toBeCloseTo(baseline, 12);
		expect(report.baseline.perplexity).toBeCloseTo(Math.exp(baseline), 9);
		expect(report.baseline.tokens).toBe(4 * (CONTEXT - 1));
		expect(report.drop).toHaveLength(LAYERS);
		expect(report.drop[2]).toBeCloseTo(mean(await plainLosses([0, 1, null, 3, 4])) - baseline, 12);
		expect(drops.map(({ layer, loss }) => [layer, loss])).toEqual([...report.drop.entries()]);
		expect(report.pairs).toHaveLength((LAYERS * (LAYERS - 1)) / 2);
		expect(report.spans.map(({ source, last }) => `${source}-${last}`)).toEqual(
			['0-1', '0-2', '1-2', '1-3', '2-3', '2-4', '3-4'] // of at most 3 layers
		);
		expect(report.interval).toBe('documents');
		for (const { loss, low, high } of [...report.pairs, ...report.spans, ...drops]) {
			expect(low).toBeLessThanOrEqual(Number(loss));
			expect(high).toBeGreaterThanOrEqual(Number(loss));
		}
	});

	it('gives a span of two layers the figures of the pair', async () => {
		const { report } = await measure();
		const twos = report.spans.filter(({ source, last }) => last === source + 1);
		expect(twos).toHaveLength(LAYERS - 1);
		for (const { source, last, ...figures } of twos) {
			const pair = report.pairs.find((each) => each.source === source && each.follower === last);
			expect(pair).toEqual({ source, follower: last, ...figures, output: pair?.output });
		}
	});

	it('never pairs layers with different sliding windows: null', async () => {
		const modelFolder = join(home, 'mixed');
		const architecture = 'Qwen2ForCausalLM';
		const layer_types = ['full', 'sliding', 'full', 'full'].map((kind) => `${kind}_attention`);
		const config = { num_hidden_layers: 4, use_sliding_window: true, sliding_window: 8 };
		await writeTinyCheckpoint(modelFolder, { architecture, config: { ...config, layer_types } });
		const { report } = await measure({ modelFolder, maxSpan: 4 });
		const nothing = report.pairs.filter(({ loss }) => loss === null);
		expect(nothing).toEqual(
			[
				[0, 1],
				[1, 2],
				[1, 3]
			].map(([source, follower]) => ({
				source,
				follower,
				loss: null,
				low: null,
				high: null,
				output: null
			}))
		);
		expect(report.spans.filter(({ loss }) => loss !== null)).toMatchObject([
			{ source: 2, last: 3 }
		]);
	});

	it('has no intervals with a single window', async () => {
		const { report } = await measure({ windows: 1, documents: DOCUMENTS.slice(0, 1) });
		expect(report.interval).toBeNull();
		expect(report.pairs[0]).toMatchObject({ low: null, high: null });
		expect(report.pairs[0].loss).not.toBeNull();
	});
});

describe('output', () => {
	it('is 1 − ‖(P_l − P_m) V_m W_O‖ / ‖P_m V_m W_O‖ over all windows', async () => {
		const { report } = await measure();
		for (const [source, follower] of [
			[0, 1],
			[1, 4]
		]) {
			const [apart, own] = await squaresByHand(source, follower);
			const expected = 1 - Math.sqrt(apart / own);
			const pair = report.pairs.find(
				(each) => each.source === source && each.follower === follower
			);
			expect(pair?.output).toBeCloseTo(expected, 5);
		}
	});
});

/** Both squared norms, summed over windows, in plain arithmetic. */
function squaresByHand(source: number, follower: number): Promise<[number, number]> {
	return plain(async ({ checkpoint, windows, forward }) => {
		const { config } = checkpoint;
		const { hidden, heads, kvHeads, headDim } = config;
		const layout = attentionLayout(config, CONTEXT);
		const reader = new WeightReader();
		const tensorOf = async (name: string) => {
			const entry = checkpoint.tensors.get(`model.layers.${follower}.${name}.weight`);
			if (entry === undefined) throw new Error(`no ${name}`);
			const values = new Float32Array(entry.byteLength / 4);
			await reader.readInto(entry, values, 0);
			return values;
		};
		const norm = await tensorOf('input_layernorm');
		const v = await tensorOf('self_attn.v_proj');
		const o = await tensorOf('self_attn.o_proj');
		await reader.close();
		let [apart, own] = [0, 0];
		for (const { ids } of windows) {
			const buffer = allocateWindow(layout);
			const state = await forward.start(ids, buffer);
			await forward.run([state], { last: follower - 1 });
			const before = state.hidden.slice();
			await forward.run([state], { first: follower });
			const [theirs, mine] = [source, follower].map((layer) =>
				squareAttention(layout, buffer, layer)
			);
			const values = Array.from({ length: CONTEXT }, (_, token) => {
				const row = before.subarray(token * hidden, (token + 1) * hidden);
				const size = Math.sqrt(mean(row.map((x) => x * x)) + config.normEps);
				return Array.from({ length: kvHeads * headDim }, (_, out) =>
					row.reduce((sum, x, i) => sum + (x / size) * norm[i] * v[out * hidden + i], 0)
				);
			});
			const outputOf = (probability: (at: number) => number, query: number) => {
				const mixed = Array.from({ length: heads * headDim }, (_, column) => {
					const head = Math.floor(column / headDim);
					const kvColumn = Math.floor((head * kvHeads) / heads) * headDim + (column % headDim);
					return values.reduce(
						(sum, value, key) =>
							sum + probability((head * CONTEXT + query) * CONTEXT + key) * value[kvColumn],
						0
					);
				});
				return Array.from({ length: hidden }, (_, out) =>
					mixed.reduce((sum, x, i) => sum + x * o[out * heads * headDim + i], 0)
				);
			};
			for (let query = 0; query < CONTEXT; query++) {
				const square = (row: number[]) => row.reduce((sum, x) => sum + x * x, 0);
				apart += square(outputOf((at) => theirs[at] - mine[at], query));
				own += square(outputOf((at) => mine[at], query));
			}
		}
		return [apart, own];
	});
}

describe('work', () => {
	it('is as many layer evaluations as the report says, fewer than the naive count', async () => {
		let evaluations = 0;
		const { report } = await measure({}, { onLayer: () => evaluations++ });
		expect(report.evaluations.done).toBe(evaluations);
		// 1 + 5 drops + 10 pairs + 3 spans of three, through 5 layers, on 4 windows.
		expect(report.evaluations.naive).toBe(19 * 5 * 4);
		expect(evaluations).toBeLessThan(0.6 * report.evaluations.naive);
	});

	it('is told as it goes on, to the end', async () => {
		const reported: Progress[] = [];
		await measure({}, { onProgress: (progress) => reported.push(progress) });
		expect(new Set(reported.map(({ stage }) => stage))).toEqual(
			new Set(['reading weights', 'outputs', 'baseline', 'dropping', 'sharing'])
		);
		expect(reported.at(-1)?.fraction).toBeGreaterThan(0.999);
	});

	it('gives the same figures whether weights stay in memory or are streamed for groups of windows', async () => {
		const kept = await measure();
		const prepared = await prepareDamage(requestOf({}));
		expect(prepared.memory.resident).toBe(true);
		const memory = { resident: false, windowsPerGroup: 3 };
		const open = () => Promise.resolve(new CheckpointPlans(prepared.model, memory, CONTEXT));
		const progress = await ProgressFile.open(newFile(), HEADER);
		const reporter = new Reporter(
			{ work: 1, layers: LAYERS, windows: 4, context: CONTEXT },
			() => undefined
		);
		const plans = { ...prepared.plans, open };
		await measureCases({ ...prepared, plans }, progress, reporter);
		await progress.close();
		const numbers = (value: unknown): number[] => {
			if (typeof value === 'number') return [value];
			return value === null || typeof value !== 'object'
				? []
				: Object.values(value).flatMap(numbers);
		};
		const found = numbers(damageReport(prepared, DOCUMENTS, progress).report);
		const expected = numbers(kept.report);
		expect(found).toHaveLength(expected.length);
		// What is summed in another order may differ in the last digits of float32.
		const apart = found.map((value, index) => Math.abs(value - expected[index]));
		expect(Math.max(...apart)).toBeLessThan(1e-6);
	});
});

describe('a measurement that was stopped', () => {
	class Stopped extends Error {}

	it.each([7, 61, 150])('after %i layers goes on and gives exactly the same', async (stopAfter) => {
		const whole = await measure();
		const progressFile = newFile();
		let evaluations = 0;
		const stopping = measure(
			{ progressFile },
			{
				onLayer: () => {
					if (++evaluations === stopAfter) throw new Stopped();
				}
			}
		);
		await expect(stopping).rejects.toThrow(Stopped);
		const found = (await readFile(progressFile, 'utf8')).split('\n').length - 2;
		// A line of which a killed process wrote only the beginning.
		await appendFile(progressFile, '{"window":0,"ca');

		let results;
		const resumed = await measure(
			{ progressFile },
			{ onPrepared: (forecast) => void (results = forecast.results) }
		);
		expect(results).toEqual({ found, all: 19 * 4 });
		expect(resumed.report).toEqual(whole.report);
		expect(resumed.drops).toEqual(whole.drops);
	});

	it('and was already through runs nothing', async () => {
		const progressFile = newFile();
		const first = await measure({ progressFile });
		let evaluations = 0;
		const second = await measure({ progressFile }, { onLayer: () => evaluations++ });
		expect(evaluations).toBe(0);
		expect(second.report).toEqual(first.report);
	});

	it('is found again in the workspace where no file is named', async () => {
		const first = await measure({ progressFile: null, windows: 2 });
		expect(first.progressFile).toMatch(/damage\/tiny-[0-9a-f]{16}\.jsonl$/);
		let evaluations = 0;
		await measure({ progressFile: null, windows: 2 }, { onLayer: () => evaluations++ });
		expect(evaluations).toBe(0);
		const other = await measure({ progressFile: null, windows: 2, maxSpan: 2 });
		expect(other.progressFile).not.toBe(first.progressFile);
	});
});

describe('refusals', () => {
	it('a longest span of less than two layers', async () => {
		await expect(measure({ maxSpan: 1 })).rejects.toThrow(
			'longest span: 1; allowed: a whole number of layers, 2 or more'
		);
	});

	it('a progress file about something else, saying what differs', async () => {
		const progressFile = newFile();
		await measure({ progressFile, windows: 1 });
		const before = await readFile(progressFile, 'utf8');
		await expect(measure({ progressFile, windows: 1, maxSpan: 2 })).rejects.toThrow(
			`progress file ${progressFile}: made with maxSpan 3; this is 2; name another file with --out`
		);
		await expect(measure({ progressFile, windows: 1, context: 16 })).rejects.toThrow(
			'made with context 32; this is 16'
		);
		expect(await readFile(progressFile, 'utf8')).toBe(before);
	});

	it('a file that is no progress file, which stays as it is', async () => {
		for (const text of ['my notes\n', 'my notes', '{"format":"spanwise/plan"}\n']) {
			const progressFile = newFile();
			await writeFile(progressFile, text);
			await expect(measure({ progressFile })).rejects.toThrow(
				`progress file ${progressFile}: not one of spanwise damage; name another file with --out`
			);
			expect(await readFile(progressFile, 'utf8')).toBe(text);
		}
	});

	it('a memory limit that cannot hold one window, with numbers', async () => {
		await expect(measure({ memoryLimitBytes: 100e6 })).rejects.toThrow(
			/memory: one window of 32 tokens takes [\d.]+ .B; the limit is [\d.]+ .B/
		);
	});
});

describe('recall', () => {
	/** Mean loss of the scored tokens of each probe, every token through the output head. */
	async function plainRecall(probes: Probes, sources: LayerSources): Promise<number[]> {
		const { config } = await openCheckpoint(tiny);
		const layout = attentionLayout(config, probes.context);
		const reader = new WeightReader();
		const weights = new WeightSource(await openCheckpoint(tiny), reader, {
			resident: true,
			hasher: null
		});
		const forward = new ForwardPass(config, layout, weights);
		const head = await LanguageHead.open(config, probes.context, weights);
		const recall: number[] = [];
		for (const { ids } of probes.probes) {
			const state = await forward.start(ids, allocateWindow(layout));
			await forward.run([state], { sources });
			const [losses] = await head.losses([{ hidden: state.hidden, ids }]);
			recall.push(mean(losses.slice(-probes.scored)));
		}
		await forward.release();
		await head.release();
		await reader.close();
		return recall;
	}

	it('of every case is that of the model run plainly on the same probes', async () => {
		const { config } = await openCheckpoint(tiny);
		const probes = await cutProbes(DOCUMENTS, await loadTokenizer(tiny, config), config);
		const baseline = await plainRecall(probes, [0, 1, 2, 3, 4]);
		const added = async (sources: LayerSources) =>
			mean(await plainRecall(probes, sources)) - mean(baseline);

		const { report } = await measure({ recall: true });
		expect(report.recall).toMatchObject({ windows: probes.probes.length, interval: 'documents' });
		expect(report.recall?.baseline).toBeCloseTo(mean(baseline), 5);
		expect(report.recall?.drop[2].loss).toBeCloseTo(await added([0, 1, null, 3, 4]), 5);
		const pair = report.recall?.pairs.find((each) => each.source === 0 && each.follower === 3);
		expect(pair?.loss).toBeCloseTo(await added([0, 1, 2, 0, 4]), 5);
		const span = report.recall?.spans.find((each) => each.source === 1 && each.last === 3);
		expect(span?.loss).toBeCloseTo(await added([0, 1, 1, 1, 4]), 5);
	});

	it('goes on from what the progress file has, and is not in the way of text', async () => {
		const progressFile = newFile();
		const first = await measure({ progressFile });
		const both = await measure({ progressFile, recall: true });
		expect({ ...both.report, recall: undefined, evaluations: first.report.evaluations }).toEqual({
			...first.report,
			recall: undefined
		});
		let layers = 0;
		const again = await measure({ progressFile, recall: true }, { onLayer: () => layers++ });
		expect(layers).toBe(0);
		expect(again.report).toEqual(both.report);
	});

	it('that is turned off leaves a note', async () => {
		expect((await measure()).notes).toContain(RECALL_OFF);
	});
});
