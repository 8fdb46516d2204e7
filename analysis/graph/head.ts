import type { ModelConfig } from '../model/checkpoint/types.ts';
import { GraphBuilder } from '../proto/builder.ts';
import { addLogSum } from './logSum.ts';

/** The final RMS norm: hidden [S, hidden] and its weight [hidden] → normed [S, hidden]. */
export function finalNormGraph(config: ModelConfig, context: number): Uint8Array {
	const builder = new GraphBuilder('final_norm');
	builder.input('hidden', [context, config.hidden]);
	builder.input('weight', [config.hidden]);
	builder.node('final_norm/RmsNorm', 'SimplifiedLayerNormalization', ['hidden', 'weight'], {
		outputs: ['normed'],
		attributes: { axis: -1n, epsilon: config.normEps }
	});
	builder.output('normed', [context, config.hidden]);
	return builder.build();
}

/**
 * A part of the output embedding, because a vocabulary of 128 000 would not fit at once: normed [S, hidden] and
 * rows [C, hidden] → logits [S, C].
 */
export function vocabularyGraph(config: ModelConfig, context: number, rows: number): Uint8Array {
	const builder = new GraphBuilder('vocabulary');
	addLogits(builder, config, context, rows);
	builder.output('logits', [context, rows]);
	return builder.build();
}

/** The same part → what its log-sum-exp is made of, `part_highest` and `part_sum` [S]; see `addLogSum`. */
export function vocabularySumGraph(config: ModelConfig, context: number, rows: number): Uint8Array {
	const builder = new GraphBuilder('vocabulary_sum');
	addLogits(builder, config, context, rows);
	addLogSum(builder, 'part', 'logits');
	for (const name of ['part_highest', 'part_sum']) builder.output(name, [context]);
	return builder.build();
}

function addLogits(
	builder: GraphBuilder,
	config: ModelConfig,
	context: number,
	rows: number
): void {
	builder.input('normed', [context, config.hidden]);
	builder.input('rows', [rows, config.hidden]);
	builder.node('vocabulary/Gemm', 'Gemm', ['normed', 'rows'], {
		outputs: ['logits'],
		attributes: { transB: 1n }
	});
}
