import type { DecodeGraph } from './graph.ts';
import { norm, type Stream } from './stream.ts';

/** Adds a gated MLP of a layer to the stream. */
export function feedForward(graph: DecodeGraph, layer: number, stream: Stream): void {
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
