import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyCheckpoint, type TinyCheckpoint } from '../../tests/builders/checkpoint.ts';
import { deploy } from '../../tests/builders/deployed.ts';
import { compareRuns } from '../compare/compareRuns.ts';
import { findOnnx } from '../model/onnx/open.ts';
import { readSums, readWindows } from '../workspace/run/read.ts';
import type { RunRecord } from '../workspace/run/types.ts';
import { similarityOf } from '../similarity/similarity.ts';
import { METRICS, VIEWS, type Metric, type View } from '../similarity/types.ts';
import type { Document } from '../model/tokens/types.ts';
import { analyze } from '../../tests/builders/opened.ts';
import { captureAttention } from '../../tests/builders/opened.ts';

const DOCUMENTS: Document[] = [
	{ name: 'cat.txt', text: 'the cat sat on the mat and the dog lay by the door. '.repeat(30) },
	{ name: 'sea.txt', text: 'rain on the sand, and the sea is near: hear it. '.repeat(30) }
];

const SAME_FACTS = [
	...(['architecture', 'layers', 'heads', 'kvHeads', 'headDim', 'hidden', 'intermediate'] as const),
	...(['vocab', 'maxPositions', 'reach', 'qkNorm', 'dtype'] as const)
];

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-analysed-'));
});
afterAll(() => rm(scratch, { recursive: true }));

let folders = 0;
function newFolder(): string {
	return join(scratch, `folder-${folders++}`);
}

interface Run {
	folder: string;
	record: RunRecord;
}

async function run(modelFolder: string, documents: Document[], context: number): Promise<Run> {
	const folder = newFolder();
	const record = await analyze(
		{
			modelFolder,
			documents,
			context,
			windows: 4,
			metrics: [...METRICS],
			views: [...VIEWS],
			jsRows: 'all',
			memoryLimitBytes: 2e9,
			home: join(scratch, 'home')
		},
		{ runFolder: folder, id: 'run', command: '', onProgress: () => undefined }
	);
	return { folder, record };
}

/** Largest difference of two rows of numbers; NaN and other lengths count as infinite. */
function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
	if (a.length !== b.length) return Infinity;
	let most = 0;
	for (let at = 0; at < a.length; at++) {
		const apart = Math.abs(a[at] - b[at]);
		if (!(apart <= most)) most = Number.isNaN(apart) ? Infinity : apart;
	}
	return most;
}

/** Similarity, null and both ends of the intervals, one after another. */
async function figures({ folder, record }: Run, metric: Metric, view: View): Promise<number[]> {
	const sums = await readSums(folder, record, view);
	const documents = record.windows.map(({ document }) => document);
	const found = similarityOf(sums, metric, documents);
	return [found.matrix, found.null, found.low, found.high].flatMap((each) => [...(each ?? [])]);
}

/** Computes the largest differences between two runs of the same windows: similarity, loss, profile and maps. */
async function apart(checkpoint: Run, exported: Run) {
	const similarity: Record<string, number> = {};
	for (const view of VIEWS) {
		for (const metric of METRICS) {
			const a = await figures(checkpoint, metric, view);
			similarity[`${metric}, ${view}`] = difference(a, await figures(exported, metric, view));
		}
	}
	const { windows } = await readWindows(checkpoint.folder, checkpoint.record);
	const layers = Array.from({ length: checkpoint.record.model.layers }, (_, layer) => layer);
	const maps = (run: Run) =>
		captureAttention({ modelFolder: run.record.model.folder, ids: windows[0].ids, layers });
	const [a, b] = [checkpoint.record, exported.record];
	return {
		similarity,
		loss: Math.abs(a.loss - b.loss),
		profile: Math.max(
			difference(a.profile.entropyNats, b.profile.entropyNats),
			difference(a.profile.firstTokenMass, b.profile.firstTokenMass)
		),
		maps: difference((await maps(checkpoint)).data, (await maps(exported)).data)
	};
}

const MODELS: { title: string; form: string; given: TinyCheckpoint }[] = [
	{
		title: 'grouped queries, packed',
		form: 'com.microsoft.GroupQueryAttention',
		given: { config: { head_dim: 16 } }
	},
	{
		title: 'Qwen3, norms over heads',
		form: 'com.microsoft.GroupQueryAttention',
		given: { architecture: 'Qwen3ForCausalLM', config: { head_dim: 16, model_type: 'qwen3' } }
	},
	{
		title: 'Mistral, sliding window of 7',
		form: 'com.microsoft.GroupQueryAttention',
		given: {
			architecture: 'MistralForCausalLM',
			config: { head_dim: 16, sliding_window: 7 }
		}
	},
	{ title: 'heads of 8, in plain operators', form: 'Softmax', given: {} },
	{
		title: 'heads of 8, no groups, sliding window of 7',
		form: 'Softmax',
		given: {
			architecture: 'MistralForCausalLM',
			config: { num_key_value_heads: 4, sliding_window: 7 }
		}
	}
];

describe('a decoder written from a checkpoint, analysed as the ONNX model it is', () => {
	it.each(MODELS)(
		'$title: gives what the checkpoint gives, on the same windows',
		async ({ form, given }) => {
			const model = newFolder();
			await writeTinyCheckpoint(model, given);
			const onnx = await deploy(model, newFolder());
			const { layers } = await findOnnx(join(onnx, 'onnx', 'model.onnx'));
			expect(layers.map(({ operator }) => operator)).toEqual([form, form, form]);
			const [a, b] = [await run(model, DOCUMENTS, 40), await run(onnx, DOCUMENTS, 40)];
			expect(a.record.windows).toHaveLength(4);
			expect(b.record.windows).toEqual(a.record.windows);
			expect(await readWindows(b.folder, b.record)).toEqual(await readWindows(a.folder, a.record));
			for (const fact of SAME_FACTS) {
				expect(b.record.model[fact], fact).toEqual(a.record.model[fact]);
			}
			const { similarity, loss, profile, maps } = await apart(a, b);
			for (const [name, found] of Object.entries(similarity)) {
				expect(found, name).toBeLessThan(1e-4);
			}
			expect(loss).toBeLessThan(1e-4);
			expect(profile).toBeLessThan(1e-4);
			expect(maps).toBeLessThan(1e-5);
		}
	);

	it('a trained one on real text too; the comparison of both runs sees no difference', async () => {
		const [a, b] = await bothRuns('fp32');
		const { similarity, loss, maps } = await apart(a, b);
		expect(Math.max(...Object.values(similarity))).toBeLessThan(1e-4);
		expect(loss).toBeLessThan(1e-4);
		expect(maps).toBeLessThan(1e-5);
		const inputs = await Promise.all(
			[a, b].map(async ({ folder, record }) => ({
				record,
				sums: await readSums(folder, record, 'all')
			}))
		);
		const { pairs } = compareRuns(inputs, { metric: 'cosine', view: 'all' });
		expect(pairs[0].paired?.cells?.apart).toBe(0);
		expect(Math.abs(pairs[0].paired?.summary.pairs.value ?? 1)).toBeLessThan(1e-6);
	});

	// Float16 rounds at 2⁻¹¹: scores of about 10 are off by 0.01 at most, and a probability by a quarter of that. What
	// is averaged over heads and queries is off by far less.
	it('in float16 it gives nearly that: similarity and loss to 0.001, probabilities to 0.01', async () => {
		const [a, b] = await bothRuns('fp16');
		expect(b.record.model.dtype).toBe('float16');
		const { similarity, loss, maps } = await apart(a, b);
		const most = Math.max(...Object.values(similarity));
		expect(most).toBeLessThan(1e-3);
		expect(most).toBeGreaterThan(1e-6);
		expect(loss).toBeLessThan(1e-3);
		expect(maps).toBeLessThan(1e-2);
	});
});

const TRAINED = 'models/mini-llama3';
/** Longer than two blocks of queries. */
const TRAINED_CONTEXT = 160;
let trained: Promise<Run> | null = null;

/** A bundled model, and the ONNX decoder made of it, both analysed; the model itself once for both types. */
async function bothRuns(dtype: 'fp32' | 'fp16'): Promise<[Run, Run]> {
	const text = await readFile('static/samples/walden.txt', 'utf8');
	const documents = [{ name: 'walden.txt', text }];
	const onnx = await deploy(TRAINED, newFolder(), { dtype });
	trained ??= run(TRAINED, documents, TRAINED_CONTEXT);
	return [await trained, await run(onnx, documents, TRAINED_CONTEXT)];
}
