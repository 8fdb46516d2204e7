import type { ModelConfig } from '../model/checkpoint/types.ts';
import type { Dimension, GraphBuilder } from '../proto/builder.ts';
import { addLogSum } from './logSum.ts';
import type { VocabularyRows } from './stored.ts';

/** Outputs of `addVocabularySums`: of each part of the vocabulary and token what its log-sum-exp is made of. */
export const VOCABULARY_SUMS = ['part_highest', 'part_sum'] as const;

/**
 * Adds what the log-sum-exp of each token's logits is made of, part by part, as outputs `part_highest` and `part_sum`
 * [parts, tokens] (`addLogSum`), from the hidden state after the last layer, and its norm as the output `normed`
 * [tokens, hidden]. A vocabulary of 128,000 would not fit at once.
 */
export function addVocabularySums(
	builder: GraphBuilder,
	config: ModelConfig,
	weights: { hidden: string; finalNorm: string; parts: readonly VocabularyRows[] },
	tokens: Dimension
): void {
	builder.node(
		'final_norm/RmsNorm',
		'SimplifiedLayerNormalization',
		[weights.hidden, weights.finalNorm],
		{ outputs: ['normed'], attributes: { axis: -1n, epsilon: config.normEps } }
	);
	builder.output('normed', [tokens, config.hidden]);
	const parts = weights.parts.map(({ first, name }) => {
		const at = `vocabulary_${first}`;
		const logits = builder.node(`${at}/Gemm`, 'Gemm', ['normed', name], {
			attributes: { transB: 1n }
		});
		addLogSum(builder, at, logits);
		return at;
	});
	for (const [index, output] of VOCABULARY_SUMS.entries()) {
		const figure = index === 0 ? 'highest' : 'sum';
		const rows = parts.map((at) =>
			builder.node(`${at}/Row_${figure}`, 'Unsqueeze', [`${at}_${figure}`, builder.integers(0)])
		);
		builder.node(output, 'Concat', rows, { outputs: [output], attributes: { axis: 0n } });
		builder.output(output, [parts.length, tokens]);
	}
}
