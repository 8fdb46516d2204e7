import { cacheNames } from './cacheNames.ts';
import type { GraphView } from './graphView.ts';
import type { AttentionLayer } from './types.ts';

/** Heads and width of a cache, where the graph gives them names in place of numbers; null: not known. */
export interface CacheSize {
	heads: number | null;
	width: number | null;
}

/** By input of the graph that holds keys or values. */
export type CacheSizes = ReadonlyMap<string, CacheSize>;

/**
 * Finds the sizes that the caches of layers must have, from the layers' nodes and weights, else from `said`:
 * onnxruntime-genai's builder leaves their width open (kv_cache_dim).
 */
export function cacheSizes(
	view: GraphView,
	layers: readonly AttentionLayer[],
	said: { kvHeads: number | null; headDim: number | null } | null
): CacheSizes {
	const sizes = new Map<string, CacheSize>();
	for (const { kvHeads, headDim, values } of layers) {
		const size = {
			heads: kvHeads ?? said?.kvHeads ?? null,
			width: headDim ?? said?.headDim ?? null
		};
		for (const value of [values.pastKey, values.pastValue]) {
			const past = value === null ? null : cacheNames(view, value).past;
			if (past !== null) sizes.set(past, size);
		}
	}
	return sizes;
}
