import { FLOAT, INT64, MICROSOFT } from '../../proto/builder.ts';
import { followedAttention, isFused, ownAttention } from './attention.ts';
import { DecodeGraph, type DecoderSpec } from './graph.ts';
import { turnedBack, turnedTokens } from './padding.ts';
import type { DecoderWeight } from './weights.ts';

/** The residual stream: what it holds, and what the last block adds to it. */
interface Stream {
	residual: string;
	/** Not yet added; null: nothing. */
	delta: string | null;
	/** A vector [hidden] that is added with it. */
	bias: string | null;
}

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
		if (before === null) throw new RangeError(`layer ${layer}: source ${source} was left out`);
		attended = followedAttention(graph, layer, normed, before);
	}
	const size = { in: heads * headDim, out: hidden, bias: outputBias };
	stream.delta = graph.linear(`${at}/attn/o_proj`, attended, layer, ['o'], size);
	return probabilities;
}

function feedForward(graph: DecodeGraph, layer: number, stream: Stream): void {
	const { builder, spec } = graph;
	const { hidden, intermediate, mlpBias } = spec.config;
	const at = `/model/layers.${layer}`;
	const weight = graph.normWeight(
		`model.layers.${layer}.post_attention_layernorm`,
		layer,
		'postNorm',
		hidden
	);
	const normed = norm(graph, `${at}/post_attention_layernorm`, stream, weight);
	const widen = { in: hidden, out: intermediate, bias: mlpBias };
	const gate = graph.linear(`${at}/mlp/gate_proj`, normed, layer, ['gate'], widen);
	const up = graph.linear(`${at}/mlp/up_proj`, normed, layer, ['up'], widen);
	const sigmoid = builder.node(`${at}/mlp/act_fn/Sigmoid`, 'Sigmoid', [gate]);
	const silu = builder.node(`${at}/mlp/act_fn/Mul`, 'Mul', [gate, sigmoid]);
	const gated = builder.node(`${at}/mlp/Mul`, 'Mul', [silu, up]);
	const narrow = { in: intermediate, out: hidden, bias: mlpBias };
	stream.delta = graph.linear(`${at}/mlp/down_proj`, gated, layer, ['down'], narrow);
}

/** RMS norm of the stream, after adding to it what is still to be added. */
function norm(graph: DecodeGraph, at: string, stream: Stream, weight: string): string {
	const { builder, spec } = graph;
	const { residual, delta, bias } = stream;
	const epsilon = spec.config.normEps;
	if (delta === null && bias === null) {
		const name = `${at}/SimplifiedLayerNormalization`;
		return builder.node(name, 'SimplifiedLayerNormalization', [residual, weight], {
			attributes: { axis: -1n, epsilon }
		});
	}
	if (delta === null) {
		// Only before the first block is there a mean output and nothing else to add.
		stream.residual = builder.node(`${at}/AddBias`, 'Add', [residual, bias ?? '']);
		stream.bias = null;
		return norm(graph, at, stream, weight);
	}
	const name = `${at}/SkipSimplifiedLayerNormalization`;
	const sum = `${name}/output_3`;
	const normed = builder.node(
		name,
		'SkipSimplifiedLayerNormalization',
		[residual, delta, weight, ...(bias === null ? [] : [bias])],
		{ domain: MICROSOFT, outputs: [`${name}/output_0`, '', '', sum], attributes: { epsilon } }
	);
	Object.assign(stream, { residual: sum, delta: null, bias: null });
	return normed;
}

/** normed [B, S, hidden] → the graph's output logits, float32 [B, S, vocab]. */
function languageHead(graph: DecodeGraph, normed: string, embedding: string): void {
	const { builder, spec } = graph;
	const { hidden, vocab, tied } = spec.config;
	// Gemm takes the matrix as it is stored, so that tied embeddings are one weight; it wants rows, not a batch.
	const matrix = tied
		? embedding
		: graph.weight('lm_head.weight', [vocab, hidden], { kind: 'model', tensor: 'outputEmbedding' });
	const rows = builder.node('/lm_head/Rows', 'Reshape', [normed, builder.integers(-1, hidden)]);
	const products = builder.node('/lm_head/Gemm', 'Gemm', [rows, matrix], {
		attributes: { transB: 1n }
	});
	const idsShape = builder.node('/lm_head/Shape', 'Shape', ['input_ids']);
	const shape = builder.node(
		'/lm_head/LogitsShape',
		'Concat',
		[idsShape, builder.integers(vocab)],
		{
			attributes: { axis: 0n }
		}
	);
	const half = spec.dtype === 'fp16';
	builder.node('/lm_head/Reshape', 'Reshape', [products, shape], {
		outputs: [half ? '/lm_head/Reshape/output' : 'logits']
	});
	if (!half) return;
	builder.node('/lm_head/Cast', 'Cast', ['/lm_head/Reshape/output'], {
		outputs: ['logits'],
		attributes: { to: BigInt(FLOAT) }
	});
}
