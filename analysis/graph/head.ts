import type { ModelConfig } from '../checkpoint/types.ts';
import { GraphBuilder } from './builder.ts';

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
 * A slice of the output embedding, because a vocabulary of 128 000 would not fit at once: normed [S, hidden]
 * and rows [C, hidden] → log_sum_exp [S] over those C ids and, where asked for, logits [S, C].
 */
export function vocabularyGraph(
	config: ModelConfig,
	context: number,
	rows: number,
	withLogits: boolean
): Uint8Array {
	const builder = new GraphBuilder('vocabulary');
	builder.input('normed', [context, config.hidden]);
	builder.input('rows', [rows, config.hidden]);
	builder.node('vocabulary/Gemm', 'Gemm', ['normed', 'rows'], {
		outputs: ['logits'],
		attributes: { transB: 1n }
	});
	builder.node('vocabulary/LogSumExp', 'ReduceLogSumExp', ['logits', builder.integers(1)], {
		outputs: ['log_sum_exp'],
		attributes: { keepdims: 0n }
	});
	builder.output('log_sum_exp', [context]);
	if (withLogits) builder.output('logits', [context, rows]);
	return builder.build();
}
