import { GraphBuilder } from '../proto/builder.ts';
import type { QueryBlock } from './blocks.ts';
import { TINY, timesLog } from './entropy.ts';

/** What is to be read from one query block of the captured probabilities. */
export interface BlockStatistics {
	/** Rows of the Gram matrix: layers × heads. */
	rows: number;
	block: QueryBlock;
	/** Sums wanted of a view: Gram of P, Gram of √P, running sum of P over windows for the null. */
	views: { view: 'all' | 'no-sink'; gram: boolean; sqrt: boolean; total: boolean }[];
	/** Queries of this block, counted from its first, at which rows are sampled; for `js` per view. */
	sampled: { all: number[]; noSink: number[] };
	/** Whether the sampled rows are put out for the Jensen–Shannon divergence. */
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
	const input = builder.input('probabilities', [rows, block.queryCount * block.keyCount]);

	const gram = (name: string, values: string): void => {
		builder.node(`${name}/Gemm`, 'Gemm', [values, values], {
			outputs: [name],
			attributes: { transB: 1n }
		});
		builder.output(name, [rows, rows]);
	};

	for (const view of wanted.views) {
		const shape = viewShape(view.view, block);
		const width = shape.queryCount * shape.keyCount;
		if (width === 0) continue;
		const values = view.view === 'all' ? input : withoutSink(builder, input, rows, block);
		if (view.gram) gram(`${view.view}.gram`, values);
		if (view.sqrt) {
			const root = builder.node(`${view.view}/Sqrt`, 'Sqrt', [values]);
			gram(`${view.view}.sqrt`, root);
		}
		if (view.total) {
			const before = builder.input(`${view.view}.sum`, [rows, width]);
			builder.node(`${view.view}/Total`, 'Add', [before, values], {
				outputs: [`${view.view}.total`]
			});
			builder.output(`${view.view}.total`, [rows, width]);
		}
		const sampled = view.view === 'all' ? wanted.sampled.all : wanted.sampled.noSink;
		if (wanted.js && sampled.length > 0) {
			const picked = pickQueries(builder, values, rows, shape, sampled, view.view);
			builder.node(`${view.view}/SampledRows`, 'Identity', [picked], {
				outputs: [`${view.view}.rows`]
			});
			builder.output(`${view.view}.rows`, [rows, sampled.length, shape.keyCount]);
		}
	}
	if (wanted.sampled.all.length > 0) profile(builder, input, wanted);
	return builder.build();
}

/** Queries and keys of a block that a view looks at. */
export function viewShape(
	view: 'all' | 'no-sink',
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
	input: string,
	rows: number,
	block: QueryBlock
): string {
	const shape = viewShape('no-sink', block);
	const cube = builder.node('no-sink/Cube', 'Reshape', [
		input,
		builder.integers(rows, block.queryCount, block.keyCount)
	]);
	const rest =
		shape.firstQuery === 0 && shape.firstKey === 0
			? cube
			: builder.node('no-sink/Slice', 'Slice', [
					cube,
					builder.integers(shape.firstQuery, shape.firstKey),
					builder.integers(block.queryCount, block.keyCount),
					builder.integers(1, 2)
				]);
	const sum = builder.node('no-sink/Sum', 'ReduceSum', [rest, builder.integers(2)]);
	const safe = builder.node('no-sink/Safe', 'Max', [sum, builder.scalar(TINY)]);
	const divided = builder.node('no-sink/Div', 'Div', [rest, safe]);
	return builder.node('no-sink/Flat', 'Reshape', [
		divided,
		builder.integers(rows, shape.queryCount * shape.keyCount)
	]);
}

/** Rows of chosen queries: [rows, queries·keys] → [rows, sampled, keys]. */
function pickQueries(
	builder: GraphBuilder,
	values: string,
	rows: number,
	shape: { queryCount: number; keyCount: number },
	queries: number[],
	name: string
): string {
	const cube = builder.node(`${name}/RowsCube`, 'Reshape', [
		values,
		builder.integers(rows, shape.queryCount, shape.keyCount)
	]);
	return builder.node(
		`${name}/Gather`,
		'Gather',
		[cube, builder.constant(`${name}/queries`, queries.map(BigInt), [queries.length])],
		{ attributes: { axis: 1n } }
	);
}

/** Entropy and first-token mass of the sampled queries, view `all`. */
function profile(builder: GraphBuilder, input: string, wanted: BlockStatistics): void {
	const { rows, block, sampled } = wanted;
	const picked = pickQueries(builder, input, rows, block, sampled.all, 'profile');
	const product = timesLog(builder, 'profile', picked);
	const sum = builder.node('profile/Sum', 'ReduceSum', [product, builder.integers(1, 2)], {
		attributes: { keepdims: 0n }
	});
	builder.node('profile/Neg', 'Neg', [sum], { outputs: ['entropy'] });
	builder.output('entropy', [rows]);
	if (block.keyStart > 0) return;
	const firstKey = builder.node('profile/FirstKey', 'Gather', [picked, builder.integers(0)], {
		attributes: { axis: 2n }
	});
	builder.node('profile/FirstMass', 'ReduceSum', [firstKey, builder.integers(1, 2)], {
		outputs: ['first'],
		attributes: { keepdims: 0n }
	});
	builder.output('first', [rows]);
}
