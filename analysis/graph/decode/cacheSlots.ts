export type CachePart = 'key' | 'value';

/**
 * Place of a follower's values in the cache: key or value of an index that its layer, or that of another follower,
 * leaves free; or `both`, cut in halves of their width that are key and value of its own index.
 */
export interface ValuePlace {
	layer: number;
	part: CachePart | 'both';
}

/**
 * Places for the values of a plan's followers, two in one index: onnxruntime-genai finds a cache's layers by the names
 * of their keys, and transformers.js and optimum take keys and values in pairs, so that values alone would be missed.
 * What is kept stays as much; all indices are those of layers.
 */
export function valuePlaces(sources: readonly (number | null)[]): ReadonlyMap<number, ValuePlace> {
	const followers = sources.flatMap((source, layer) =>
		source === null || source === layer ? [] : [layer]
	);
	return new Map(
		followers.map((follower, at): [number, ValuePlace] => {
			if (at % 2 === 1) return [follower, { layer: followers[at - 1], part: 'value' }];
			const alone = at === followers.length - 1;
			return [follower, { layer: follower, part: alone ? 'both' : 'key' }];
		})
	);
}
