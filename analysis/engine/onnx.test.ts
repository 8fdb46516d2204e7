import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { onnxBytes } from '../../tests/builders/cachedOnnx.ts';
import { mergedDecoder } from '../../tests/builders/mergedOnnx.ts';
import {
	plainDecoder,
	SIZES,
	smallDecoderBytes,
	type SmallDecoder
} from '../../tests/builders/onnxDecoder.ts';
import { openOnnx } from '../model/onnx/open.ts';
import { tapModel } from '../graph/tapped/tap.ts';
import { allocateWindow, attentionLayout, squareAttention } from './layout.ts';
import { OnnxPass } from './onnx.ts';

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-onnx-'));
	const { layers: num_hidden_layers, heads: num_attention_heads } = SIZES;
	const config = { num_hidden_layers, num_attention_heads, hidden_size: 32, intermediate_size: 64 };
	await writeFile(join(folder, 'config.json'), JSON.stringify(config));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const IDS = [0, 5, 3, 9, 2, 7, 7, 1, 4];
const ALL = [0, 1, 2];

/** Greatest difference of the tapped probabilities and losses from plain arithmetic. */
async function difference(
	decoder: SmallDecoder,
	layersPerRun = 3,
	bytes = smallDecoderBytes(decoder)
): Promise<number> {
	const file = join(folder, 'model.onnx');
	await writeFile(file, bytes);
	const model = await openOnnx(file);
	const sizes = { ...model.facts, slidingWindows: model.facts.reach };
	const layout = attentionLayout(sizes, IDS.length);
	const request = { context: IDS.length, blocks: layout.blocks, layers: ALL, loss: true };
	const options = { layers: ALL, layersPerRun, file };
	const pass = await OnnxPass.open(tapModel(model, request), layout, options);
	const place = allocateWindow(layout);
	const losses = await pass.run(IDS, place);
	await pass.release();
	const expected = plainDecoder(IDS, decoder);
	const tapped = ALL.flatMap((layer) => Array.from(squareAttention(layout, place, layer)));
	expect(tapped).toHaveLength(expected.probabilities.length);
	expect(losses).toHaveLength(expected.losses.length);
	return Math.max(
		...tapped.map((value, at) => Math.abs(value - expected.probabilities[at])),
		...Array.from(losses, (value, at) => Math.abs(value - expected.losses[at]) / 10)
	);
}

describe('probabilities that are tapped are those of plain arithmetic', () => {
	const forms = [
		'softmax',
		'guarded softmax',
		'Attention',
		'GroupQueryAttention',
		'packed GroupQueryAttention',
		'MultiHeadAttention',
		'com.microsoft.Attention'
	] as const;
	it.each(forms)('%s', async (form) => {
		expect(await difference({ form })).toBeLessThan(1e-6);
	});
	it('4-bit weights (MatMulNBits)', async () => {
		expect(await difference({ weights: 'MatMulNBits' })).toBeLessThan(2e-6);
	});
	it('int8 weights, as near as onnxruntime comes, which rounds what they are multiplied with', async () => {
		expect(await difference({ weights: 'int8' })).toBeLessThan(5e-3);
	});
	it.each(['softmax', 'GroupQueryAttention'] as const)('%s with a cache', async (form) => {
		const inputs = ['attention_mask', 'position_ids', 'past'] as const;
		expect(await difference({ form, inputs })).toBeLessThan(1e-6);
	});
	it('without attention_mask', async () => {
		expect(await difference({ inputs: [] })).toBeLessThan(1e-6);
	});
	it('of a merged decoder, by its branch without a cache', async () => {
		expect(await difference({}, 3, onnxBytes(mergedDecoder()))).toBeLessThan(1e-6);
	});
	it('with one layer a run', async () => {
		expect(await difference({ form: 'GroupQueryAttention' }, 1)).toBeLessThan(1e-6);
	});
});
