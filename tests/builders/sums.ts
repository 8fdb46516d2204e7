import type { SumsWanted } from '../../analysis/similarity/sums.ts';
import type { View, ViewSums } from '../../analysis/similarity/types.ts';

/** Sums over no window at all: the neutral element of `addSums`. */
export function emptySums(view: View, layers: number, heads: number, wanted: SumsWanted): ViewSums {
	const rows = layers * heads;
	return {
		view,
		layers,
		heads,
		windowCount: 0,
		gram: wanted.gram ? new Float64Array(rows * rows) : null,
		sqrt: wanted.sqrt ? new Float64Array(rows * rows) : null,
		null: wanted.null ? new Float64Array(rows * rows) : null,
		windows: wanted.windows ? new Float64Array(0) : null,
		js: wanted.js ? new Float64Array(2 * layers * layers) : null
	};
}
