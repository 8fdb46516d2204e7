import { InputError } from '../errors.ts';
import type { CheckpointModel, OnnxFileModel } from '../model/open.ts';
import { ForwardPass } from './forward.ts';
import {
	allocateWindow,
	attentionLayout,
	causalLayout,
	squareAttention,
	type AttentionLayout,
	type WindowAttention
} from './layout.ts';
import type { TokenMaps } from './engine.ts';
import { OnnxPass } from './onnx.ts';
import { WeightSource } from './weights.ts';
import { tapModel } from '../graph/tapped/tap.ts';

interface Wanted {
	ids: readonly number[];
	layers: readonly number[];
}

/** Probabilities of a window, with their layout in memory. */
interface Captured {
	layout: AttentionLayout;
	attention: WindowAttention;
}

/**
 * Attention probabilities of chosen layers on one window, [layers, H, S, S] as float32, rows queries, zeros
 * above the diagonal. The model is run up to the last of the layers; nothing is kept.
 */
export async function checkpointTokenMaps(
	model: CheckpointModel,
	wanted: Wanted
): Promise<TokenMaps> {
	return squares(await runCheckpoint(model, wanted), wanted);
}

/** The same of an ONNX model, which is run as a whole. */
export async function onnxTokenMaps(model: OnnxFileModel, wanted: Wanted): Promise<TokenMaps> {
	return squares(await runOnnx(model, wanted), wanted);
}

function squares({ layout, attention }: Captured, { ids, layers }: Wanted): TokenMaps {
	const perLayer = layout.heads * ids.length * ids.length;
	const data = new Float32Array(layers.length * perLayer);
	for (const [index, layer] of layers.entries()) {
		data.set(squareAttention(layout, attention, layer), index * perLayer);
	}
	return { data, shape: [layers.length, layout.heads, ids.length, ids.length] };
}

async function runCheckpoint(
	{ checkpoint, reader }: CheckpointModel,
	{ ids, layers }: Wanted
): Promise<Captured> {
	const { config } = checkpoint;
	checkLayers(layers, config.layers);
	const layout = attentionLayout(config, ids.length);
	const weights = new WeightSource(checkpoint, reader, { resident: false, hasher: null });
	const forward = new ForwardPass(config, layout, weights);
	// What layers follow by the model's own making must be at hand for them.
	const followed = (config.shared?.sources ?? []).filter((source) => source !== null);
	const attention = allocateWindow(layout, [...new Set([...layers, ...followed])]);
	const state = await forward.start(ids, attention);
	await forward.run([state], { last: Math.max(...layers) });
	await forward.release();
	return { layout, attention };
}

async function runOnnx(file: OnnxFileModel, { ids, layers }: Wanted): Promise<Captured> {
	const model = await file.wholeChecked();
	checkLayers(layers, model.facts.layers);
	const layout = causalLayout(model.facts, ids.length);
	const tap = { context: ids.length, blocks: layout.blocks, layers, loss: false };
	const options = { layers, layersPerRun: layers.length, file: file.path };
	const pass = await OnnxPass.open(tapModel(model, tap), layout, options);
	const attention = allocateWindow(layout, layers);
	await pass.run(ids, attention);
	await pass.release();
	return { layout, attention };
}

function checkLayers(layers: readonly number[], count: number): void {
	const outside = layers.find((layer) => !(layer >= 0 && layer < count));
	if (outside === undefined) return;
	throw new InputError(`layer: ${outside}; the model has layers 0 to ${count - 1}`);
}
