import type { Windows } from '../model/onnx/windows.ts';

/** Sliding windows of a model, as judged from its graph and a run. */
export interface SeenWindows {
	/** Per layer, keys that a query sees at most; null: all before it. */
	reach: (number | null)[];
	notes: string[];
}

/**
 * Sliding windows by the graph and by what was `seen` of attention in windows of `context` tokens: tokens from a query
 * to the farthest key that got any, per layer. What the run shows beyond a window of the graph counts; where the graph
 * says nothing, a key that got no attention anywhere is outside.
 */
export function judgeWindows(
	windows: Windows,
	seen: readonly number[],
	context: number
): SeenWindows {
	const wider: string[] = [];
	const shown: string[] = [];
	const open: string[] = [];
	const slidingWindows = windows.layers.map(({ tokens, from }, layer) => {
		if (from === 'graph') {
			if (tokens === null || seen[layer] <= tokens) return tokens;
			wider.push(`layer ${layer} (${tokens} tokens)`);
			return null;
		}
		if (seen[layer] < context) {
			shown.push(`layer ${layer} (${seen[layer]} tokens)`);
			return seen[layer];
		}
		open.push(`${layer}`);
		return null;
	});
	const notes = [
		...note(
			wider,
			(layers) =>
				`attention reaches beyond the sliding window of the graph: ${layers}. Every key was kept.`
		),
		...note(
			shown,
			(layers) => `sliding windows seen in this run, which the graph does not tell: ${layers}`
		),
		...note(
			open,
			(layers) =>
				`no sliding window within ${context} tokens in layers ${layers}; wider ones cannot be read from the graph`
		)
	];
	return { reach: slidingWindows, notes };
}

function note(layers: readonly string[], say: (layers: string) => string): string[] {
	return layers.length === 0 ? [] : [say(layers.join(', '))];
}
