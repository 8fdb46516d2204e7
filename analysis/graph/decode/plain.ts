import { MICROSOFT } from '../../proto/builder.ts';
import { appendToCache } from './cache.ts';
import type { DecodeGraph } from './graph.ts';
import { columns } from './padding.ts';
import type { DecoderDtype } from './weights.ts';
import {
	attentionName,
	headsFirst,
	joinHeads,
	projectHeads,
	projectValues,
	repeatHeads,
	rotaryCaches
} from './heads.ts';

/** The lowest number of a type: below any score, and finite, so that no row of padding turns into NaN. */
const LOWEST: Record<DecoderDtype, number> = { fp32: -3.4028234663852886e38, fp16: -65_504 };

/**
 * A layer's own attention from plain operators, for heads that GroupQueryAttention does not take; arguments and
 * results as `ownAttention`. Keys and values are repeated for the heads that share them, as exporters do, so that
 * the attention is found in the graph by the shape it has in theirs.
 */
export function plainAttention(
	graph: DecodeGraph,
	layer: number,
	normed: string
): { attended: string; probabilities: string } {
	const { builder, spec } = graph;
	const { heads, kvHeads, headDim, slidingWindows } = spec.config;
	const at = attentionName(layer);
	const rotated = (role: 'q' | 'k', count: number): string =>
		builder.node(
			`${at}/${role}_rotary/RotaryEmbedding`,
			'RotaryEmbedding',
			[
				headsFirst(graph, `${at}/${role}`, projectHeads(graph, layer, normed, role), count),
				'position_ids',
				...rotaryCaches(graph)
			],
			{ domain: MICROSOFT }
		);
	const queries = rotated('q', heads); // [B, heads, S, headDim]
	const keys = appendToCache(graph, layer, 'key', rotated('k', kvHeads)); // [B, kvHeads, T, headDim]
	const turned = builder.node(
		`${at}/k/Transpose`,
		'Transpose',
		[repeatHeads(graph, `${at}/k`, keys)],
		{
			attributes: { perm: [0n, 1n, 3n, 2n] }
		}
	);
	const products = builder.node(`${at}/Scores`, 'MatMul', [queries, turned]);
	const scores = builder.node(`${at}/Scale`, 'Mul', [
		products,
		scalar(graph, 1 / Math.sqrt(headDim))
	]); // [B, heads, S, T]
	const masked = builder.node(`${at}/Mask`, 'Where', [
		visible(graph, slidingWindows[layer]),
		scores,
		scalar(graph, LOWEST[spec.dtype])
	]);
	const probabilities = builder.node(`${at}/Softmax`, 'Softmax', [masked], {
		attributes: { axis: -1n }
	});
	const fresh = headsFirst(graph, `${at}/v`, projectValues(graph, layer, normed), kvHeads);
	const values = appendToCache(graph, layer, 'value', fresh);
	const mixed = builder.node(`${at}/MixValues`, 'MatMul', [
		probabilities,
		repeatHeads(graph, `${at}/v`, values)
	]);
	return { attended: joinHeads(graph, layer, mixed), probabilities };
}

function scalar(graph: DecodeGraph, value: number): string {
	return graph.once(`scalar_${value}`, (name) =>
		graph.builder.node(`${name}/Cast`, 'Cast', [graph.builder.scalar(value)], {
			attributes: { to: BigInt(graph.elementType) }
		})
	);
}

/** Position of each token in its sequence, [B, T]: tokens before it that are not padding. */
function allPositions(graph: DecodeGraph): string {
	return graph.once('/model/all_positions', (at) => {
		const { builder } = graph;
		const counts = builder.node(`${at}/CumSum`, 'CumSum', ['attention_mask', builder.integers(1)]);
		const all = builder.node(`${at}/Sub`, 'Sub', [counts, builder.integers(1)]);
		// Padding on the left comes before position 0.
		return builder.node(`${at}/Max`, 'Max', [all, builder.integers(0)]);
	});
}

/** Position of each new token in its sequence, [B, S]. */
function positions(graph: DecodeGraph): string {
	return graph.once('/model/positions', (at) => {
		const { builder } = graph;
		return builder.node(`${at}/Slice`, 'Slice', [
			allPositions(graph),
			firstNew(graph),
			columns(graph, 'attention_mask'),
			builder.integers(1)
		]);
	});
}

/** [B, 1, S, T]: whether a query sees a key: no padding, not ahead, and within `slidingWindow` keys. */
function visible(graph: DecodeGraph, slidingWindow: number | null): string {
	return graph.once(`/model/visible_${slidingWindow ?? 'all'}`, (at) => {
		const { builder } = graph;
		const scalarOf = (name: string, value: string) =>
			builder.node(`${at}/${name}/Squeeze`, 'Squeeze', [value]);
		const zero = builder.constant('int64_scalar_0', [0n], []);
		const one = builder.constant('int64_scalar_1', [1n], []);
		const total = scalarOf('total', columns(graph, 'attention_mask'));
		const keys = builder.node(`${at}/Keys`, 'Range', [zero, total, one]); // [T]
		const range = builder.node(`${at}/Queries`, 'Range', [
			scalarOf('first', firstNew(graph)),
			total,
			one
		]);
		const queries = builder.node(`${at}/QueryColumn`, 'Unsqueeze', [range, builder.integers(1)]); // [S, 1]
		const notAhead = builder.node(`${at}/NotAhead`, 'LessOrEqual', [keys, queries]); // [S, T]
		const both = (name: string, a: string, b: string) =>
			builder.node(`${at}/${name}`, 'And', [a, b]);
		const near =
			slidingWindow === null ? notAhead : both('Near', notAhead, within(graph, at, slidingWindow));
		const real = builder.node(`${at}/Real`, 'Cast', ['attention_mask'], {
			attributes: { to: BOOL }
		});
		const perKey = builder.node(`${at}/PerKey`, 'Unsqueeze', [real, builder.integers(1, 2)]); // [B, 1, 1, T]
		return both('And', near, perKey);
	});
}

/** [B, 1, S, T]: whether a key is one of the last `slidingWindow` up to a query, padding between them not counted. */
function within(graph: DecodeGraph, at: string, slidingWindow: number): string {
	const { builder } = graph;
	const keys = builder.node(`${at}/KeyRow`, 'Unsqueeze', [
		allPositions(graph),
		builder.integers(1, 2)
	]);
	const queries = builder.node(`${at}/PositionColumn`, 'Unsqueeze', [
		positions(graph),
		builder.integers(1, 3)
	]);
	const before = builder.node(`${at}/Reach`, 'Sub', [queries, builder.integers(slidingWindow)]);
	return builder.node(`${at}/Within`, 'Greater', [keys, before]);
}

const BOOL = 9n;

/** Place of the first new token, P, as int64 [1]. */
function firstNew(graph: DecodeGraph): string {
	return graph.once('/model/first_new', (at) =>
		graph.builder.node(`${at}/Sub`, 'Sub', [
			columns(graph, 'attention_mask'),
			columns(graph, 'input_ids')
		])
	);
}
