import { GraphBuilder } from '../proto/builder.ts';
import type { QueryBlock } from './blocks.ts';
import { TINY, timesLog } from './entropy.ts';
import { addSides, addSplitProduct, partsOf } from './gram.ts';

export type StatisticsView = 'all' | 'no-sink';

/** Statistics to read from one query block of the captured probabilities. */
export interface BlockStatistics {
	/** Rows of the Gram matrix: layers × heads. */
	rows: number;
	block: QueryBlock;
	/** Sums wanted of a view: Gram of P, Gram of √P, running sum of P over windows for the null. */
	views: { view: StatisticsView; gram: boolean; sqrt: boolean; total: boolean }[];
	/** Queries of this block, counted from its first, at which rows are sampled; for `js` per view. */
	sampled: { all: number[]; noSink: number[] };
	/** True if the sampled rows are put out for the Jensen–Shannon divergence. */
	js: boolean;
}

/**
 * The statistics of one block: input P [rows, queryCount·keyCount] with outputs, as asked for,
 * `all.gram`, `all.sqrt`, `no-sink.gram`, `no-sink.sqrt` [rows, rows]; `<view>.total` (the input
 * `<view>.sum` plus this window's probabilities, in the view's shape); `<view>.rows` (sampled rows,
 * [rows, sampled·keys]); `entropy` and `first` [rows], sums over the sampled queries of the entropy in nats
 * and of the mass on key 0.
 *
 * View `no-sink` (design section 4): without key 0 and queries 0 and 1, each row divided by its sum over the
 * remaining keys.
 */
export function statisticsGraph(wanted: BlockStatistics): Uint8Array {
	const { rows, block } = wanted;
	const builder = new GraphBuilder('statistics');
	const name = builder.input('probabilities', [rows, block.queryCount * block.keyCount]);
	const found = addStatistics(builder, [{ name, rows }], wanted);
	for (const [grams, which] of [
		[found.grams, 'gram'],
		[found.roots, 'sqrt']
	] as const) {
		for (const [view, [piece]] of grams) {
			builder.node(`${view}/${which}`, 'Identity', [piece.name], { outputs: [`${view}.${which}`] });
			builder.output(`${view}.${which}`, [rows, rows]);
		}
	}
	return builder.build();
}

/** Rows of the captured probabilities, [rows, queryCount·keyCount]: those of some layers. */
export interface CapturedRows {
	name: string;
	rows: number;
}

/** A product of two groups of rows, [rows of the first, rows of the second]; the first is not after the second. */
export interface GramPiece {
	name: string;
	first: number;
	second: number;
}

/** Names of what is not put out as it is: sums over the blocks of a window are made of it. */
export interface StatisticsValues {
	grams: Map<StatisticsView, GramPiece[]>;
	roots: Map<StatisticsView, GramPiece[]>;
}

/**
 * Adds the statistics of one block to a graph: inputs and outputs as `statisticsGraph` has them, those of running sums
 * one per group of rows (`<view>.sum<group>`, or `<view>.sum` where there is one group); all begin with `at`. Of the
 * Gram matrices only the pieces of the upper triangle are made. `split`: their products are cut into parts, for a GPU.
 */
export function addStatistics(
	builder: GraphBuilder,
	groups: readonly CapturedRows[],
	wanted: BlockStatistics,
	{ at = '', split = false } = {}
): StatisticsValues {
	const { block } = wanted;
	const values: StatisticsValues = { grams: new Map(), roots: new Map() };
	for (const { view, gram, sqrt, total } of wanted.views) {
		const shape = viewShape(view, block);
		const width = shape.queryCount * shape.keyCount;
		if (width === 0) continue;
		const seen = groups.map((group, index) =>
			view === 'all'
				? group
				: { ...group, name: withoutSink(builder, group, block, `${at}no-sink/${index}`) }
		);
		const parts = split ? partsOf(shape.queryCount) : null;
		if (gram) values.grams.set(view, gramPieces(builder, seen, `${at}${view}/gram`, parts));
		if (sqrt) {
			const roots = seen.map(({ name, rows }, index) => ({
				name: builder.node(`${at}${view}/Sqrt/${index}`, 'Sqrt', [name]),
				rows
			}));
			values.roots.set(view, gramPieces(builder, roots, `${at}${view}/sqrt`, parts));
		}
		if (total) {
			for (const [index, { name, rows }] of seen.entries()) {
				const { sum, total: put } = totalNames(view, groups.length === 1 ? null : index, at);
				builder.node(`${put}/Add`, 'Add', [builder.input(sum, [rows, width]), name], {
					outputs: [put]
				});
				builder.output(put, [rows, width]);
			}
		}
		const sampled = view === 'all' ? wanted.sampled.all : wanted.sampled.noSink;
		if (wanted.js && sampled.length > 0) {
			const picked = pickQueries(builder, seen, shape, sampled, `${at}${view}`);
			const name = `${at}${view}.rows`;
			builder.node(`${at}${view}/SampledRows`, 'Identity', [picked], { outputs: [name] });
			builder.output(name, [wanted.rows, sampled.length, shape.keyCount]);
		}
	}
	if (wanted.sampled.all.length > 0) profile(builder, groups, wanted, at);
	return values;
}

/** Names of the running sums of a view's probabilities before and after a window; of one group of rows, or of all. */
export function totalNames(
	view: StatisticsView,
	group: number | null,
	at = ''
): { sum: string; total: string } {
	return { sum: `${at}${view}.sum${group ?? ''}`, total: `${at}${view}.total${group ?? ''}` };
}

/**
 * X·Xᵀ of the rows of all groups, piece by piece; what lies under the diagonal is the same mirrored. Each product is a sum
 * over `parts` of the width, or one.
 */
function gramPieces(
	builder: GraphBuilder,
	groups: readonly CapturedRows[],
	name: string,
	parts: number | null
): GramPiece[] {
	const sides =
		parts === null
			? null
			: groups.map((group, index) => addSides(builder, group.name, parts, `${name}/${index}`));
	return groups.flatMap((one, first) =>
		groups.slice(first).map((other, after) => {
			const second = first + after;
			const at = `${name}/${first}_${second}`;
			const product =
				sides === null
					? builder.node(at, 'Gemm', [one.name, other.name], { attributes: { transB: 1n } })
					: addSplitProduct(builder, sides[first], sides[second], at);
			return { name: product, first, second };
		})
	);
}

/** Queries and keys of a block that a view looks at. */
export function viewShape(
	view: StatisticsView,
	block: QueryBlock
): { queryCount: number; keyCount: number; firstQuery: number; firstKey: number } {
	const firstQuery = view === 'all' ? 0 : Math.max(0, 2 - block.queryStart);
	const firstKey = view === 'all' ? 0 : Math.max(0, 1 - block.keyStart);
	return {
		queryCount: Math.max(0, block.queryCount - firstQuery),
		keyCount: block.keyCount - firstKey,
		firstQuery,
		firstKey
	};
}

/** [rows, queries·keys] without the sink, rows divided by what is left of them. */
function withoutSink(
	builder: GraphBuilder,
	{ name: input, rows }: CapturedRows,
	block: QueryBlock,
	at: string
): string {
	const shape = viewShape('no-sink', block);
	const cube = builder.node(`${at}/Cube`, 'Reshape', [
		input,
		builder.integers(rows, block.queryCount, block.keyCount)
	]);
	const rest =
		shape.firstQuery === 0 && shape.firstKey === 0
			? cube
			: builder.node(`${at}/Slice`, 'Slice', [
					cube,
					builder.integers(shape.firstQuery, shape.firstKey),
					builder.integers(block.queryCount, block.keyCount),
					builder.integers(1, 2)
				]);
	const sum = builder.node(`${at}/Sum`, 'ReduceSum', [rest, builder.integers(2)]);
	const safe = builder.node(`${at}/Safe`, 'Max', [sum, builder.scalar(TINY)]);
	const divided = builder.node(`${at}/Div`, 'Div', [rest, safe]);
	return builder.node(`${at}/Flat`, 'Reshape', [
		divided,
		builder.integers(rows, shape.queryCount * shape.keyCount)
	]);
}

/** Rows of chosen queries of all groups: [rows, queries·keys] each → [all rows, sampled, keys]. */
function pickQueries(
	builder: GraphBuilder,
	groups: readonly CapturedRows[],
	shape: { queryCount: number; keyCount: number },
	queries: readonly number[],
	name: string
): string {
	const chosen = builder.constant(`${name}/queries`, queries.map(BigInt), [queries.length]);
	const picked = groups.map(({ name: input, rows }, index) => {
		const cube = builder.node(`${name}/RowsCube/${index}`, 'Reshape', [
			input,
			builder.integers(rows, shape.queryCount, shape.keyCount)
		]);
		return builder.node(`${name}/Gather/${index}`, 'Gather', [cube, chosen], {
			attributes: { axis: 1n }
		});
	});
	return picked.length === 1
		? picked[0]
		: builder.node(`${name}/Rows`, 'Concat', picked, { attributes: { axis: 0n } });
}

/** Entropy and first-token mass of the sampled queries, view `all`. */
function profile(
	builder: GraphBuilder,
	groups: readonly CapturedRows[],
	wanted: BlockStatistics,
	at: string
): void {
	const { rows, block, sampled } = wanted;
	const picked = pickQueries(builder, groups, block, sampled.all, `${at}profile`);
	const product = timesLog(builder, `${at}profile`, picked);
	const sum = builder.node(`${at}profile/Sum`, 'ReduceSum', [product, builder.integers(1, 2)], {
		attributes: { keepdims: 0n }
	});
	builder.node(`${at}profile/Neg`, 'Neg', [sum], { outputs: [`${at}entropy`] });
	builder.output(`${at}entropy`, [rows]);
	if (block.keyStart > 0) return;
	const firstKey = builder.node(`${at}profile/FirstKey`, 'Gather', [picked, builder.integers(0)], {
		attributes: { axis: 2n }
	});
	builder.node(`${at}profile/FirstMass`, 'ReduceSum', [firstKey, builder.integers(1, 2)], {
		outputs: [`${at}first`],
		attributes: { keepdims: 0n }
	});
	builder.output(`${at}first`, [rows]);
}
