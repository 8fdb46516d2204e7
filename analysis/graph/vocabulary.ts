import type { ModelConfig } from '../model/checkpoint/types.ts';
import { GraphBuilder, type Dimension } from '../proto/builder.ts';
import { addComparison, COMPARISON_OUTPUTS } from './comparison.ts';
import { addLogits } from './logits.ts';
import { addLogSum } from './logSum.ts';
import { addNorm } from './norm.ts';
import type { StoredWeights, VocabularyRows } from './stored.ts';
import { MODEL_VARIANTS } from './modelVariants.ts';

/** The final norm and the output embedding, as values of a graph. */
interface HeadWeights {
	finalNorm: { weight: string | null; bias: string | null };
	parts: readonly VocabularyRows[];
}

/**
 * Adds what the log-sum-exp of each token's logits is made of, part by part, as outputs `part_highest` and `part_sum`
 * [parts, tokens] (`addLogSum`), from the hidden state after the last layer, and its norm as the output `normed`
 * [tokens, hidden]. A vocabulary of 128,000 would not fit at once.
 */
export function addVocabularySums(
	builder: GraphBuilder,
	config: ModelConfig,
	weights: HeadWeights & { hidden: string },
	tokens: Dimension
): void {
	addFinalNorm(builder, config, { ...weights, name: 'normed', tokens });
	for (const { first, name } of weights.parts) {
		const at = partPrefix(first);
		const logits = addLogits(builder, at, 'normed', name, config.scales);
		addLogSum(builder, `${at}part`, logits, 'part');
	}
	for (const name of ['part_highest', 'part_sum']) stack(builder, name, weights.parts, tokens);
}

/**
 * From the hidden state after the last layer to what losses are made of: hidden [tokens, hidden] → the outputs of
 * `addVocabularySums`. The weights are in the graph; the number of tokens is free.
 */
export function residentLossGraph(
	config: ModelConfig,
	weightsIn: (builder: GraphBuilder) => StoredWeights
): Uint8Array {
	const builder = new GraphBuilder('loss');
	const hidden = builder.input('hidden', ['tokens', config.hidden]);
	addVocabularySums(builder, config, { hidden, ...headWeights(weightsIn(builder)) }, 'tokens');
	return builder.build();
}

/**
 * Builds the graph that compares two models with the same output weights. Inputs: `baseline` and `shared`
 * [tokens, hidden], their states after the last layer. Outputs: those of `comparisonGraph` for every part,
 * [parts, tokens], and both norms, `baseline_normed` and `shared_normed`. The weights are in the graph; the number of
 * tokens is free.
 */
export function residentComparisonGraph(
	config: ModelConfig,
	weightsIn: (builder: GraphBuilder) => StoredWeights
): Uint8Array {
	const builder = new GraphBuilder('comparison');
	const { finalNorm, parts } = headWeights(weightsIn(builder));
	const tokens = 'tokens';
	const normed = { baseline: 'baseline_normed', shared: 'shared_normed' };
	for (const model of MODEL_VARIANTS) {
		const hidden = builder.input(model, [tokens, config.hidden]);
		addFinalNorm(builder, config, { hidden, finalNorm, name: normed[model], tokens });
	}
	for (const { first, name } of parts)
		addComparison(builder, config.scales, normed, name, partPrefix(first));
	for (const name of COMPARISON_OUTPUTS) stack(builder, name, parts, tokens);
	return builder.build();
}

/** The final norm and the output embedding in parts, from where the checkpoint has them. */
export function headWeights(weights: StoredWeights): HeadWeights {
	return { finalNorm: weights.finalNorm(), parts: weights.vocabulary() };
}

function addFinalNorm(
	builder: GraphBuilder,
	config: ModelConfig,
	norm: Pick<HeadWeights, 'finalNorm'> & { hidden: string; name: string; tokens: Dimension }
): void {
	const { name, hidden, finalNorm } = norm;
	const weights = { ...finalNorm, width: config.hidden };
	addNorm(builder, config, name, hidden, weights, [name]);
	builder.output(name, [norm.tokens, config.hidden]);
}

/** Puts a figure of all parts out, [parts, tokens]. */
function stack(
	builder: GraphBuilder,
	figure: string,
	parts: readonly VocabularyRows[],
	tokens: Dimension
): void {
	const rows = parts.map(({ first }) => {
		const value = `${partPrefix(first)}${figure}`;
		return builder.node(`${value}/Row`, 'Unsqueeze', [value, builder.integers(0)]);
	});
	builder.node(figure, 'Concat', rows, { outputs: [figure], attributes: { axis: 0n } });
	builder.output(figure, [parts.length, tokens]);
}

function partPrefix(first: number): string {
	return `vocabulary_${first}/`;
}
