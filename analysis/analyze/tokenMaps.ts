import { InputError } from '../errors.ts';
import { openCheckpoint } from '../checkpoint/open.ts';
import { WeightReader } from '../checkpoint/read.ts';
import { ForwardPass } from '../capture/forward.ts';
import { allocateWindow, attentionLayout, squareAttention } from '../capture/layout.ts';
import { WeightSource } from '../capture/weights.ts';

/**
 * Attention probabilities of chosen layers on one window, [layers, H, S, S] as float32, rows queries, zeros
 * above the diagonal. The model is run up to the last of the layers; nothing is kept.
 */
export async function captureAttention(request: {
	modelFolder: string;
	ids: number[];
	layers: number[];
}): Promise<{ data: Float32Array<ArrayBuffer>; shape: [number, number, number, number] }> {
	const checkpoint = await openCheckpoint(request.modelFolder);
	const { config } = checkpoint;
	const { ids, layers } = request;
	const outside = layers.find((layer) => !(layer >= 0 && layer < config.layers));
	if (outside !== undefined) {
		throw new InputError(`layer: ${outside}; the model has layers 0 to ${config.layers - 1}`);
	}
	const layout = attentionLayout(config, ids.length);
	const reader = new WeightReader();
	try {
		const weights = new WeightSource(checkpoint, reader, { resident: false, hasher: null });
		const forward = new ForwardPass(config, layout, weights);
		// What layers follow by the model's own making must be at hand for them.
		const followed = (config.shared?.sources ?? []).filter((source) => source !== null);
		const attention = allocateWindow(layout, [...new Set([...layers, ...followed])]);
		const state = await forward.start(ids, attention);
		await forward.run([state], { last: Math.max(...layers) });
		await forward.release();
		const perLayer = layout.heads * ids.length * ids.length;
		const data = new Float32Array(layers.length * perLayer);
		for (const [index, layer] of layers.entries()) {
			data.set(squareAttention(layout, attention, layer), index * perLayer);
		}
		return { data, shape: [layers.length, layout.heads, ids.length, ids.length] };
	} finally {
		await reader.close();
	}
}
