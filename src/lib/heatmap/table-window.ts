/** Rows and columns a table shows at most; more would take a browser seconds to lay out. */
export const TABLE_LIMIT = 64;

/** First and one past the last index of at most TABLE_LIMIT of `count`, around `middle`. */
export function tableWindow(count: number, middle: number): { from: number; to: number } {
	const size = Math.min(count, TABLE_LIMIT);
	const from = Math.max(0, Math.min(count - size, Math.round(middle) - Math.floor(size / 2)));
	return { from, to: from + size };
}
