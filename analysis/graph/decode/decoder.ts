import { INT64 } from '../../proto/builder.ts';
import { followedAttention, isFused, ownAttention } from './attention.ts';
import { feedForward } from './feedForward.ts';
import { DecodeGraph, type DecoderSpec } from './graph.ts';
import { languageHead } from './head.ts';
import { turnedBack, turnedTokens } from './padding.ts';
import { norm, type Stream } from './stream.ts';
import type { DecoderWeight } from './weights.ts';

/**
 * A whole decoder with its cache, as onnxruntime-genai's model builder and transformers.js name its inputs and
 * outputs: input_ids and position_ids int64 [B, S], attention_mask int64 [B, T], past_key_values.N.key and .value
 * [B, kvHeads, P, headDim] → logits float32 [B, S, vocab], present.N.key and .value [B, kvHeads, T, headDim],
 * T = P + S. A follower has no key in the cache, a layer without attention nothing; followers' values lie two and two in
 * one index (`valuePlaces`). Prompts of a batch that differ in length may be padded on either side; several sequences go on
 * from the cache one token at a time, as GroupQueryAttention wants it.
 * Returns the serialized graph and its weights, in the order of their bytes.
 */
export function decoderGraph(spec: DecoderSpec): { model: Uint8Array; weights: DecoderWeight[] } {
	const graph = new DecodeGraph(spec);
	const { builder } = graph;
	const { config } = spec;
	builder.input('input_ids', ['batch_size', 'sequence_length'], INT64);
	builder.input('attention_mask', ['batch_size', 'total_sequence_length'], INT64);
	builder.input('position_ids', ['batch_size', 'sequence_length'], INT64);
	builder.output('logits', ['batch_size', 'sequence_length', config.vocab]);
	const embedding = graph.weight('model.embed_tokens.weight', [config.vocab, config.hidden], {
		kind: 'model',
		tensor: 'embedding'
	});
	const turned = isFused(config);
	const ids = turned ? turnedTokens(graph, 'input_ids') : 'input_ids';
	const stream: Stream = {
		residual: builder.node('/model/embed_tokens/Gather', 'Gather', [embedding, ids]),
		delta: null,
		bias: null
	};
	let probabilities: string | null = null;
	for (let layer = 0; layer < config.layers; layer++) {
		probabilities = attentionBlock(graph, layer, stream, probabilities);
		feedForward(graph, layer, stream);
	}
	const finalNorm = graph.weight('model.norm.weight', [config.hidden], {
		kind: 'model',
		tensor: 'finalNorm'
	});
	const states = norm(graph, '/model/norm', stream, finalNorm);
	languageHead(graph, turned ? turnedBack(graph, states) : states, embedding);
	return { model: builder.build(), weights: graph.weights };
}

/** Adds what a layer's attention block puts out to the stream; the probabilities that a follower may reuse. */
function attentionBlock(
	graph: DecodeGraph,
	layer: number,
	stream: Stream,
	before: string | null
): string | null {
	const { spec } = graph;
	const { hidden, heads, headDim, outputBias } = spec.config;
	const source = spec.sources[layer];
	if (source === null) {
		if (spec.biased.has(layer)) {
			stream.bias = graph.weight(`model.layers.${layer}.attn.mean_output.bias`, [hidden], {
				kind: 'repair',
				layer,
				part: 'bias'
			});
		}
		return before;
	}
	const at = `/model/layers.${layer}`;
	const weight = graph.normWeight(
		`model.layers.${layer}.input_layernorm`,
		layer,
		'inputNorm',
		hidden
	);
	const normed = norm(graph, `${at}/input_layernorm`, stream, weight);
	let attended: string;
	let probabilities = before;
	if (source === layer) {
		const asSource = spec.sources.some((other, at) => other === layer && at !== layer);
		({ attended, probabilities } = ownAttention(graph, layer, normed, asSource));
	} else {
		if (before === null) throw new RangeError(`layer ${layer}: source ${source} was dropped`);
		attended = followedAttention(graph, layer, normed, before);
	}
	const size = { in: heads * headDim, out: hidden, bias: outputBias };
	stream.delta = graph.linear(`${at}/attn/o_proj`, attended, layer, ['o'], size);
	return probabilities;
}
