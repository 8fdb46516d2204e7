import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cachedOnnx, FORMS, HIDDEN, onnxBytes } from '../../../tests/builders/cachedOnnx.ts';
import { causalLayout, allocateWindow } from '../../engine/layout.ts';
import { OnnxPass } from '../../engine/onnx.ts';
import { seenWindows } from '../../engine/seenWindows.ts';
import type { ModelProto } from '../../proto/onnx_pb.ts';
import { openOnnx } from './open.ts';
import { tapModel } from '../../graph/tapped/tap.ts';

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-windows-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A model as it is opened beside a config.json that says more than the facts that it must. */
async function opened(proto: ModelProto, config: Record<string, unknown> = {}) {
	const file = join(folder, 'model.onnx');
	await writeFile(file, onnxBytes(proto));
	const facts = { hidden_size: HIDDEN, intermediate_size: 96, num_hidden_layers: 4 };
	await writeFile(join(folder, 'config.json'), JSON.stringify({ ...facts, ...config }));
	return openOnnx(file);
}

const CONTEXT = 20;

/** Tokens to the farthest key that got a probability when the model ran, per layer. */
async function ran(model: Awaited<ReturnType<typeof opened>>): Promise<number[]> {
	const layout = causalLayout(model.facts, CONTEXT);
	const layers = [0, 1, 2, 3];
	const tapped = tapModel(model, { context: CONTEXT, blocks: layout.blocks, layers, loss: false });
	const file = model.onnx.file;
	const pass = await OnnxPass.open(tapped, layout, { layers, layersPerRun: 4, file });
	const attention = allocateWindow(layout);
	await pass.run(
		Array.from({ length: CONTEXT }, (_, at) => (at * 7) % 50),
		attention
	);
	await pass.release();
	return seenWindows(layout, attention, []);
}

describe('sliding windows', () => {
	it.each(FORMS.filter((form) => form !== 'contribPacked'))(
		'of %s are read off the graph, and are those that a run shows',
		async (form) => {
			const model = await opened(cachedOnnx({ form, window: 8 }));
			expect(model.windows.layers).toEqual(Array(4).fill({ tokens: 8, from: 'graph' }));
			expect(model.facts.reach).toEqual([8, 8, 8, 8]);
			expect(await ran(model)).toEqual([8, 8, 8, 8]);
		}
	);

	it.each(FORMS)(
		'of %s are none where the graph has none, whatever config.json says',
		async (form) => {
			const model = await opened(cachedOnnx({ form }), { sliding_window: 8 });
			expect(model.facts.reach).toEqual([null, null, null, null]);
			expect(model.windows.notes).toEqual([
				'sliding windows: config.json says 8 tokens in every layer; the graph has none (looked at 131072 tokens). The graph counts.'
			]);
			expect(await ran(model)).toEqual([CONTEXT, CONTEXT, CONTEXT, CONTEXT]);
		}
	);

	it('of the graph and of config.json agree, or a note says what either has', async () => {
		const proto = cachedOnnx({ form: 'softmax', window: 8 });
		expect((await opened(proto)).windows.notes).toEqual([
			'sliding windows: config.json says none; the graph has 8 tokens in every layer (looked at 131072 tokens). The graph counts.'
		]);
		expect((await opened(proto, { sliding_window: 8 })).windows.notes).toEqual([]);
		expect((await opened(proto, { sliding_window: 9 })).windows.notes).toEqual([
			'sliding windows: config.json says 9 tokens in every layer; the graph has 8 tokens in every layer (looked at 131072 tokens). The graph counts.'
		]);
	});

	it('are looked for among as many tokens as the model has positions', async () => {
		const { windows } = await opened(cachedOnnx({ form: 'softmax', window: 8 }), {
			max_position_embeddings: 6
		});
		expect(windows).toMatchObject({ within: 6, notes: [] });
		expect(windows.layers[0].tokens).toBeNull();
	});

	it.each<[string, Record<string, unknown>, (number | null)[]]>([
		['Mistral', { model_type: 'mistral' }, [8, 8, 8, 8]],
		['Qwen2 without use_sliding_window', { model_type: 'qwen2' }, [null, null, null, null]],
		[
			'Qwen2 from max_window_layers on',
			{ model_type: 'qwen2', use_sliding_window: true, max_window_layers: 2 },
			[null, null, 8, 8]
		],
		['Gemma 2 as published', { model_type: 'gemma2' }, [8, null, 8, null]],
		['a pattern', { sliding_window_pattern: 3 }, [8, 8, null, 8]]
	])('that config.json means are read as transformers reads them: %s', async (_, says, means) => {
		const { config } = await opened(cachedOnnx({ form: 'softmax' }), {
			...says,
			sliding_window: 8
		});
		expect(config?.windows).toEqual(means);
	});

	it('of a graph made to keep us busy are not told, and soon', async () => {
		const proto = cachedOnnx({ form: 'softmax' });
		const nodes = proto.graph?.node ?? [];
		const hide = nodes.findIndex(({ name }) => name === 'hide');
		const [shown] = nodes[hide].output;
		const doubled = Array.from({ length: 60 }, (_, at) => ({
			...nodes[hide],
			name: `busy.${at}`,
			opType: 'Add',
			input: [0, 1].map(() => (at === 0 ? shown : `busy.${at - 1}`)),
			output: [`busy.${at}`]
		}));
		nodes.splice(hide + 1, 0, ...doubled);
		for (const node of nodes) {
			if (node.name === 'mask') node.input = ['busy.59', node.input[1]];
		}
		const start = performance.now();
		const { windows } = await opened(proto);
		expect(windows.layers[0]).toEqual({ tokens: null, from: 'nothing' });
		expect(performance.now() - start).toBeLessThan(10_000);
	});
});
