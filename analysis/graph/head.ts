import type { ModelConfig } from '../model/checkpoint/types.ts';
import { GraphBuilder } from '../proto/builder.ts';
import { addLogits } from './logits.ts';
import { addLogSum } from './logSum.ts';
import { addNorm } from './norm.ts';

/** The final norm: hidden [S, hidden] and its weight and bias [hidden], where it has them → normed [S, hidden]. */
export function finalNormGraph(config: ModelConfig, context: number): Uint8Array {
	const builder = new GraphBuilder('final_norm');
	builder.input('hidden', [context, config.hidden]);
	const { hidden: width, block } = config;
	const weight = block.normWeight ? builder.input('weight', [width]) : null;
	const bias = block.normBias ? builder.input('bias', [width]) : null;
	addNorm(builder, config, 'final_norm', 'hidden', { weight, bias, width }, ['normed']);
	builder.output('normed', [context, config.hidden]);
	return builder.build();
}

/**
 * A part of the output embedding, because a vocabulary of 128 000 would not fit at once: normed [S, hidden] and
 * rows [C, hidden] → logits [S, C].
 */
export function vocabularyGraph(config: ModelConfig, context: number, rows: number): Uint8Array {
	const builder = new GraphBuilder('vocabulary');
	addRowLogits(builder, config, context, rows);
	builder.output('logits', [context, rows]);
	return builder.build();
}

/** The same part → what its log-sum-exp is made of, `part_highest` and `part_sum` [S]; see `addLogSum`. */
export function vocabularySumGraph(config: ModelConfig, context: number, rows: number): Uint8Array {
	const builder = new GraphBuilder('vocabulary_sum');
	addRowLogits(builder, config, context, rows);
	addLogSum(builder, 'part', 'logits', 'part');
	for (const name of ['part_highest', 'part_sum']) builder.output(name, [context]);
	return builder.build();
}

function addRowLogits(
	builder: GraphBuilder,
	config: ModelConfig,
	context: number,
	rows: number
): void {
	builder.input('normed', [context, config.hidden]);
	builder.input('rows', [rows, config.hidden]);
	addLogits(builder, 'vocabulary/', 'normed', 'rows', config.scales, ['logits']);
}
