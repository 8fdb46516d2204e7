import { MICROSOFT } from '../../proto/builder.ts';
import type { DecodeGraph } from './graph.ts';

/** The residual stream: what it holds, and what the last block adds to it. */
export interface Stream {
	residual: string;
	/** Not yet added; null: nothing. */
	delta: string | null;
	/** A vector [hidden] that is added with it. */
	bias: string | null;
}

/** RMS norm of the stream, after adding to it what is still to be added. */
export function norm(graph: DecodeGraph, at: string, stream: Stream, weight: string): string {
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
