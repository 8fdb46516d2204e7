import type { ModelConfig } from '../checkpoint/types.ts';
import type { LayerReport } from '../onnx/report.ts';

/** The layers of a checkpoint, in the words that those of an ONNX model are reported in. */
export function checkpointLayers(config: ModelConfig): LayerReport[] {
	const { layers, heads, kvHeads, slidingWindows, onlyTorch } = config;
	const isOwn = onlyTorch === undefined;
	return Array.from({ length: layers }, (_, layer) => ({
		layer,
		// What an unknown family calls its layers, PyTorch finds out as it runs them.
		node: isOwn ? `model.layers.${layer}.self_attn` : '–',
		form: 'checkpoint',
		heads,
		kvHeads,
		reach: slidingWindows[layer],
		probabilities: { available: true, how: isOwn ? 'computed layer by layer' : 'by PyTorch' },
		shareable: sharing(config, layer)
	}));
}

function sharing(
	{ shared, qkNorm, onlyTorch }: ModelConfig,
	layer: number
): LayerReport['shareable'] {
	const source = shared?.sources[layer] ?? (shared === null ? layer : null);
	if (source === null) return { possible: false, why: 'it has no attention, by its own config' };
	if (source !== layer) {
		return { possible: false, why: `it follows layer ${source} already, by its own config` };
	}
	const norms = qkNorm ? ', q and k norms' : '';
	if (onlyTorch !== undefined)
		return { possible: true, why: 'measured and searched on PyTorch; not written by apply' };
	return {
		possible: true,
		why: `loses q and k projections${norms}, rotary embedding, scores, softmax and k cache`
	};
}
