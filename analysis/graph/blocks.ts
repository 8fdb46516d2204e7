/**
 * A run of queries together with every key that any of them may see. Attention is computed, stored and
 * summed block by block, so that most of the empty half above the diagonal is never touched: eight
 * blocks leave 56% of the S × S entries.
 */
export interface QueryBlock {
	queryStart: number;
	queryCount: number;
	keyStart: number;
	keyCount: number;
}

/** Shorter blocks save no time: their matrix products are too small (measured at 256 and 512 tokens). */
const SHORTEST_BLOCK = 68;
/** More blocks save little (8 leave 56% of the entries, the least possible is 50%) and lengthen the graph. */
const MOST_BLOCKS = 8;

/**
 * Queries in a block: about an eighth of the window, and 4 more than a multiple of 8. The Gram product walks
 * down columns of queryCount·keyCount floats a row; where that is a power of two all rows fall into the same
 * sets of the cache and it takes half as long again (26 ms instead of 17 for 96 rows of 164 000).
 */
function blockLength(context: number): number {
	const eighth = Math.ceil(context / MOST_BLOCKS);
	return Math.max(SHORTEST_BLOCK, Math.ceil((eighth - 4) / 8) * 8 + 4);
}

/** Number of blocks of that length. */
function blockCount(context: number): number {
	return Math.ceil(context / blockLength(context));
}

/**
 * Cuts S queries into blocks. `slidingWindow` is the widest of all layers, in keys, the query's own included, or
 * null where some layer sees all: every layer of a model must be cut alike, because
 * their blocks are compared. With `count` there are that many blocks, as equally long as can be, at most one per query.
 */
export function queryBlocks(
	context: number,
	slidingWindow: number | null,
	count: number = blockCount(context)
): QueryBlock[] {
	const length = blockLength(context);
	const usual = count === blockCount(context);
	const startOf = (index: number) =>
		usual ? Math.min(context, index * length) : Math.round((index * context) / count);
	return Array.from({ length: count }, (_, index) => {
		const [queryStart, queryEnd] = [startOf(index), startOf(index + 1)];
		const keyStart = slidingWindow === null ? 0 : Math.max(0, queryStart - slidingWindow + 1);
		return {
			queryStart,
			queryCount: queryEnd - queryStart,
			keyStart,
			keyCount: queryEnd - keyStart
		};
	});
}

/** Fewest blocks of a window on a GPU, and most queries in one of them. */
const [FEWEST_ON_GPU, LONGEST_ON_GPU] = [4, 256];

/**
 * Number of blocks for a GPU: about half of the CPU's for windows of 512 tokens, since it takes as long to start an operator
 * as to run it on a small block.
 */
export function blocksOnGpu(context: number): number {
	return Math.min(
		blockCount(context),
		Math.max(FEWEST_ON_GPU, Math.ceil(context / LONGEST_ON_GPU))
	);
}

/** Entries of one head's probabilities in a block. */
export function blockEntries(block: QueryBlock): number {
	return block.queryCount * block.keyCount;
}

/** The widest sliding window of the layers; null: one of them sees everything before it. */
export function widestSlidingWindow(slidingWindows: readonly (number | null)[]): number | null {
	let widest = 0;
	for (const slidingWindow of slidingWindows) {
		if (slidingWindow === null) return null;
		widest = Math.max(widest, slidingWindow);
	}
	return widest;
}

/** Computes the mask added to the scores of a block: 0 where query i sees key j, i − slidingWindow < j ≤ i, else MASKED. */
export function causalMask(block: QueryBlock, slidingWindow: number | null): Float32Array {
	const mask = new Float32Array(blockEntries(block));
	for (let row = 0; row < block.queryCount; row++) {
		const query = block.queryStart + row;
		for (let column = 0; column < block.keyCount; column++) {
			const key = block.keyStart + column;
			const visible = key <= query && (slidingWindow === null || key > query - slidingWindow);
			if (!visible) mask[row * block.keyCount + column] = MASKED;
		}
	}
	return mask;
}

/** Whatever the scores are, its exponential is 0. No row turns into NaN: every query sees itself. */
const MASKED = -Infinity;
