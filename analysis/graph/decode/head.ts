import { FLOAT } from '../../proto/builder.ts';
import type { DecodeGraph } from './graph.ts';

/** normed [B, S, hidden] → the graph's output logits, float32 [B, S, vocab]. */
export function languageHead(graph: DecodeGraph, normed: string, embedding: string): void {
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
