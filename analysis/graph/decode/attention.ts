import type { ModelConfig } from '../../model/checkpoint/types.ts';
import { INT32, MICROSOFT } from '../../proto/builder.ts';
import { areEqual, keyCounts, mixByLengths, type SequenceLengths } from '../lengths.ts';
import { appendToCache, keepPresent, pastInput, presentOutput } from './cache.ts';
import type { DecodeGraph } from './graph.ts';
import {
	attentionName,
	headsFirst,
	mixValues,
	projectHeads,
	projectValues,
	rotaryCaches
} from './heads.ts';
import { refuseNoToken, turnedTokens } from './padding.ts';
import { plainAttention } from './plain.ts';

/** GroupQueryAttention's value of `qk_output` for the probabilities after softmax. */
const PROBABILITIES = 2n;
/** GroupQueryAttention with the rotary embedding inside takes heads of a multiple of this width. */
const HEAD_MULTIPLE = 16;

/** Returns true if a model's own attention is GroupQueryAttention; else it is written in plain operators. */
export function isFused({ headDim }: Pick<ModelConfig, 'headDim'>): boolean {
	return headDim % HEAD_MULTIPLE === 0;
}

/**
 * A layer's own attention: normed [B, S, hidden] → [B, S, heads·headDim], with past and present keys and values
 * as inputs and outputs of the graph; `asSource`: its probabilities [B, heads, S, T] too.
 */
export function ownAttention(
	graph: DecodeGraph,
	layer: number,
	normed: string,
	asSource: boolean
): { attended: string; probabilities: string | null } {
	if (!isFused(graph.spec.config)) return plainAttention(graph, layer, normed);
	return fusedAttention(graph, layer, normed, asSource);
}

/** By GroupQueryAttention, with inputs and attributes as onnxruntime-genai's model builder gives them. */
function fusedAttention(
	graph: DecodeGraph,
	layer: number,
	normed: string,
	asSource: boolean
): { attended: string; probabilities: string | null } {
	const { builder, spec } = graph;
	const { heads, kvHeads, headDim, hidden, qkNorm, qkvBias, slidingWindows } = spec.config;
	const at = attentionName(layer);
	const packed = (): string =>
		graph.linear(`${at}/qkv_proj`, normed, layer, ['q', 'k', 'v'], {
			in: hidden,
			out: (heads + 2 * kvHeads) * headDim,
			bias: qkvBias
		});
	// Norms over heads stand between projection and rotary embedding: no packing there.
	const queriesKeysValues = qkNorm
		? [
				projectHeads(graph, layer, normed, 'q'),
				projectHeads(graph, layer, normed, 'k'),
				projectValues(graph, layer, normed)
			]
		: [packed(), '', ''];
	const past = [pastInput(graph, layer, 'key'), pastInput(graph, layer, 'value')];
	const present = [presentOutput(graph, layer, 'key'), presentOutput(graph, layer, 'value')];
	const slidingWindow = slidingWindows[layer];
	const name = `${at}/GroupQueryAttention`;
	const probabilities = asSource ? `${name}/probabilities` : null;
	const attended = builder.node(
		name,
		'GroupQueryAttention',
		[
			...queriesKeysValues,
			...past,
			lastTokens(graph),
			totalLength(graph),
			...rotaryCaches(graph),
			turnedTokens(graph, 'position_ids')
		],
		{
			domain: MICROSOFT,
			outputs: [`${name}/output_0`, ...present, ...(probabilities === null ? [] : [probabilities])],
			attributes: {
				num_heads: BigInt(heads),
				kv_num_heads: BigInt(kvHeads),
				scale: 1 / Math.sqrt(headDim),
				do_rotary: 1n,
				rotary_interleaved: 0n,
				...(slidingWindow !== null && { local_window_size: BigInt(slidingWindow) }),
				...(asSource && { qk_output: PROBABILITIES })
			}
		}
	);
	return { attended, probabilities };
}

/**
 * A follower's attention: its source's probabilities [B, heads, S, T] times its own values, normed
 * [B, S, hidden] → [B, S, heads·headDim]. It has values in the cache and no keys.
 */
export function followedAttention(
	graph: DecodeGraph,
	layer: number,
	normed: string,
	probabilities: string
): string {
	const { builder, spec } = graph;
	const at = attentionName(layer);
	const fresh = headsFirst(
		graph,
		`${at}/v`,
		projectValues(graph, layer, normed),
		spec.config.kvHeads
	);
	const headMap = spec.headMaps[layer];
	const mapped =
		headMap === null
			? probabilities
			: builder.node(`${at}/MapHeads`, 'Gather', [probabilities, builder.integers(...headMap)], {
					attributes: { axis: 1n }
				});
	return mixValues(graph, layer, mapped, (name, rows) => {
		if (!isFused(spec.config)) {
			const values = appendToCache(graph, layer, 'value', fresh);
			return builder.node(name, 'MatMul', [rows, values]);
		}
		const mixed = `${name}/output`;
		const past = pastInput(graph, layer, 'value');
		keepPresent(graph, layer, 'value', (present) => {
			const { kvHeads } = spec.config;
			const values = { probabilities: rows, past, fresh, kvHeads, present, mixed };
			const { elementType } = graph;
			mixByLengths(builder, name, lengthsOf(graph), { ...values, elementType });
		});
		return mixed;
	});
}

function lengthsOf(graph: DecodeGraph): SequenceLengths {
	const { builder } = graph;
	const counts = graph.once('/model/lengths', (at) => keyCounts(builder, at, lastTokens(graph)));
	const equal = graph.once('/model/equal_lengths', (at) =>
		areEqual(builder, at, counts, totalLength(graph))
	);
	return { counts, equal };
}

/** int32 [B, 1]: index of each sequence's last token, what its mask counts less one. */
function lastTokens(graph: DecodeGraph): string {
	return graph.once('/model/attn_mask_reformat/seqlens_k', (at) => {
		const { builder } = graph;
		const one = builder.integers(1);
		const sum = builder.node(`${at}/ReduceSum`, 'ReduceSum', ['attention_mask', one]);
		const count = builder.node(`${at}/Checked`, 'Add', [sum, refuseNoToken(builder, sum)]);
		const last = builder.node(`${at}/Sub`, 'Sub', [count, one]);
		return builder.node(`${at}/Cast`, 'Cast', [last], { attributes: { to: BigInt(INT32) } });
	});
}

/** int32 scalar: length of the longest sequence, cache included, T. */
function totalLength(graph: DecodeGraph): string {
	return graph.once('/model/attn_mask_reformat/total_length', (at) => {
		const { builder } = graph;
		const shape = builder.node(`${at}/Shape`, 'Shape', ['attention_mask']);
		const index = builder.constant('int64_scalar_1', [1n], []);
		const total = builder.node(`${at}/Gather`, 'Gather', [shape, index], {
			attributes: { axis: 0n }
		});
		return builder.node(`${at}/Cast`, 'Cast', [total], { attributes: { to: BigInt(INT32) } });
	});
}
