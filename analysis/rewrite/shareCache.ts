import { InputError } from '../errors.ts';
import { NodeProtoSchema } from '../proto/onnx_pb.ts';
import { cacheNames } from '../model/onnx/cacheNames.ts';
import { withFields } from '../model/onnx/copy.ts';
import type { GraphView } from '../model/onnx/graphView.ts';
import type { GraphRewrite } from './rewrite.ts';
import type { AttentionLayer } from '../model/onnx/types.ts';

/** Names of a graph's input and output for one part of a layer's cache; null: there is none. */
interface Slot {
	past: string | null;
	present: string | null;
}

/** Names of the graph's inputs and outputs that hold the keys and values of one layer's cache; null: there is none. */
export interface LayerCache {
	key: Slot;
	value: Slot;
}

/** The inputs and outputs of the graph itself that hold a layer's cache. */
export function layerCache(view: GraphView, { values }: AttentionLayer): LayerCache {
	const slot = (past: string | null, present: string | null): Slot => ({
		past: past === null ? null : cacheNames(view, past).past,
		present: present === null || !view.isOutput(present) ? null : present
	});
	return {
		key: slot(values.pastKey, values.presentKey),
		value: slot(values.pastValue, values.presentValue)
	};
}

/**
 * Takes the cache from the graph's inputs and outputs that the plan makes idle: keys of followers, keys and values
 * of dropped layers. Where the cache's length is read off one of these, it is read off another that is left.
 */
export function dropCaches(
	rewrite: GraphRewrite,
	layers: readonly AttentionLayer[],
	sources: readonly (number | null)[]
): void {
	const { view } = rewrite;
	const caches = layers.map((layer) => layerCache(view, layer));
	for (const { layer } of layers) {
		if (sources[layer] === layer) continue;
		const parts = sources[layer] === null ? (['key', 'value'] as const) : (['key'] as const);
		const standIn = standInFor(layer, layers, sources);
		for (const part of parts) {
			const { past, present } = caches[layer][part];
			if (present !== null) rewrite.dropOutput(present);
			if (past !== null) rewrite.dropInput(past);
			for (const side of ['past', 'present'] as const) {
				const gone = { past, present }[side];
				const other = standIn === null ? null : caches[standIn].value[side];
				if (gone !== null) measureOther(rewrite, layer, gone, other);
			}
		}
	}
}

/** A follower's own values are left; for a dropped layer's stand those of the nearest that has some. */
function standInFor(
	layer: number,
	layers: readonly AttentionLayer[],
	sources: readonly (number | null)[]
): number | null {
	const left = layers.map((each) => each.layer).filter((each) => sources[each] !== null);
	left.sort((a, b) => Math.abs(a - layer) - Math.abs(b - layer));
	return left.at(0) ?? null;
}

/** Has nodes that ask for a value's shape ask another value of that shape. */
export function measureOther(
	rewrite: GraphRewrite,
	layer: number,
	value: string,
	other: string | null
): void {
	const { view } = rewrite;
	for (const index of view.consumers(value)) {
		const node = view.node(index);
		if (node.opType !== 'Shape') continue;
		if (other === null) {
			throw new InputError(
				`layer ${layer}: the graph reads the cache length from ${value}, which this plan removes, and no other key cache remains`
			);
		}
		rewrite.replace(index, withFields(NodeProtoSchema, node, { input: [other] }));
	}
}
