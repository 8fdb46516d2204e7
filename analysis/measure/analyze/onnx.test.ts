import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
	plainDecoder,
	smallDecoderBytes,
	tableMaskedDecoder
} from '../../../tests/builders/onnxDecoder.ts';
import { letterTokenizer } from '../../../tests/builders/letterTokenizer.ts';
import { tinyTokenizer } from '../../../tests/builders/tokenizer.ts';
import { readRun, readSums, readWindows } from '../../workspace/run/read.ts';
import { similarityOf } from '../../similarity/similarity.ts';
import { METRICS, VIEWS } from '../../similarity/types.ts';
import type { AnalyzeRequest } from './types.ts';
import { cachedOnnx, onnxBytes } from '../../../tests/builders/cachedOnnx.ts';
import { roundingActivations } from '../../../tests/builders/roundedOnnx.ts';
import { analyze, captureAttention, checkSameModel } from '../../../tests/builders/opened.ts';

let folder: string;
let request: AnalyzeRequest;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-analyze-onnx-'));
	const model = join(folder, 'small');
	await mkdir(join(model, 'onnx'), { recursive: true });
	await writeFile(join(model, 'onnx', 'model.onnx'), smallDecoderBytes());
	await writeFile(join(model, 'tokenizer.json'), JSON.stringify(tinyTokenizer(true)));
	const config = {
		model_type: 'llama',
		num_hidden_layers: 3,
		num_attention_heads: 4,
		num_key_value_heads: 2,
		hidden_size: 32,
		intermediate_size: 64
	};
	await writeFile(join(model, 'config.json'), JSON.stringify(config));
	request = {
		modelFolder: model,
		documents: [
			{ name: 'a.txt', text: 'the cat sat on the mat and the dog lay by the door '.repeat(40) }
		],
		context: 24,
		windows: 3,
		metrics: [...METRICS],
		views: [...VIEWS],
		jsRows: 32,
		memoryLimitBytes: 2e9,
		home: join(folder, 'home')
	};
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function run(name = 'run') {
	const runFolder = join(folder, name);
	return analyze(request, {
		runFolder,
		id: name,
		command: 'spanwise',
		onProgress: () => undefined
	});
}

it('writes a run of an ONNX model whose cosine is that of plain arithmetic', async () => {
	const record = await run();
	expect(await readRun(join(folder, 'run'))).toEqual(record);
	const file = join(folder, 'small', 'onnx', 'model.onnx');
	expect(record.model).toMatchObject({ name: 'small', folder: file, layers: 3, kvHeads: 2 });
	const sums = await readSums(join(folder, 'run'), record, 'all');
	const { matrix } = similarityOf(sums, 'cosine', [0, 0, 0]);
	const { windows } = await readWindows(join(folder, 'run'), record);
	const plain = windows.map(({ ids }) => plainDecoder(ids));
	const dot = (a: number, b: number): number =>
		plain.reduce((sum, { probabilities }) => {
			const size = probabilities.length / 3;
			const [one, other] = [a, b].map((layer) =>
				probabilities.subarray(layer * size, (layer + 1) * size)
			);
			return sum + one.reduce((total, value, at) => total + value * other[at], 0);
		}, 0);
	const cosine = (a: number, b: number): number => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
	expect(Math.abs(matrix[1] - cosine(0, 1))).toBeLessThan(1e-6);
	expect(Math.abs(matrix[5] - cosine(1, 2))).toBeLessThan(1e-6);
	const losses = plain.flatMap((each) => each.losses);
	const mean = losses.reduce((sum, value) => sum + value, 0) / losses.length;
	expect(record.loss).toBeCloseTo(mean, 5);
});

it('knows the model of a run again, and notices where its file is another', async () => {
	const { model } = await run();
	await checkSameModel(model.folder, model.hash, request.home);
	await writeFile(model.folder, smallDecoderBytes({ form: 'GroupQueryAttention' }));
	await expect(checkSameModel(model.folder, model.hash, request.home)).rejects.toThrow(
		/the run was made with/
	);
});

it('gives token maps of chosen layers', async () => {
	const ids = [0, 4, 8, 15, 16, 23];
	const { data, shape } = await captureAttention({
		modelFolder: request.modelFolder,
		ids,
		layers: [2, 0]
	});
	expect(shape).toEqual([2, 4, 6, 6]);
	const { probabilities } = plainDecoder(ids);
	const size = probabilities.length / 3;
	const expected = [...probabilities.subarray(2 * size), ...probabilities.subarray(0, size)];
	const worst = Math.max(...expected.map((value, at) => Math.abs(value - data[at])));
	expect(worst).toBeLessThan(1e-6);
});

it('takes the tokenizer that is named', async () => {
	const elsewhere = join(folder, 'other.json');
	await writeFile(elsewhere, JSON.stringify(tinyTokenizer(false)));
	request = { ...request, tokenizer: elsewhere };
	expect((await run()).bos).toBe(false);
});

it('refuses where not even one layer of one window fits', async () => {
	request = { ...request, memoryLimitBytes: 1e8 };
	await expect(run()).rejects.toThrow(
		/memory: one window of 24 tokens takes .* no context would fit/
	);
});

const tableModel = (sees: (query: number, key: number) => boolean) =>
	writeFile(join(request.modelFolder, 'onnx', 'model.onnx'), tableMaskedDecoder(sees));

it('finds the sliding window of a mask that is cut from a large table', async () => {
	await tableModel((query, key) => key <= query && query - key < 12);
	const { model, notes } = await run();
	expect(model.reach).toEqual([12, 12, 12]);
	expect(notes).toContain(
		'sliding windows cannot be read from the graph in 3 of 3 layers, whose masks are large tables or made in a way that is not followed. An analysis shows those that are shorter than its context.'
	);
	expect(notes).toContain(
		'sliding windows seen in this run, which the graph does not tell: layer 0 (12 tokens), layer 1 (12 tokens), layer 2 (12 tokens)'
	);
});

it.each<[string, (query: number, key: number) => boolean, number]>([
	['a prefix', (query, key) => key <= query || key < 8, 0],
	['all', () => true, 0],
	['the next token, from token 5 on', (query, key) => key <= query + (query < 5 ? 0 : 1), 5]
])(
	'refuses a mask cut from a large table that shows %s to earlier tokens',
	async (_, sees, token) => {
		await tableModel(sees);
		await expect(run()).rejects.toThrow(
			`model.onnx: layer 0: token ${token} attends to later ones; expected a decoder, where no token does`
		);
	}
);

it('says what reading the attention changes where activations are rounded to 8 bits', async () => {
	const proto = roundingActivations(cachedOnnx({ form: 'groupQueryPacked4bit', layers: 3 }));
	await writeFile(join(request.modelFolder, 'onnx', 'model.onnx'), onnxBytes(proto));
	await writeFile(join(request.modelFolder, 'tokenizer.json'), JSON.stringify(letterTokenizer()));
	const { notes } = await run();
	const said = notes.find((note) => note.startsWith('activations are rounded to 8 bits')) ?? '';
	const [, here, exported] =
		/the loss of window 0 is ([\d.]+) here, ([\d.]+) in the model as exported/.exec(said) ?? [];
	expect(Number(here)).toBeGreaterThan(0);
	expect(Math.abs(Number(here) - Number(exported))).toBeLessThan(0.1);
});

it('says nothing of rounding where nothing is rounded', async () => {
	const { notes } = await run();
	expect(notes.join()).not.toContain('rounded');
});
