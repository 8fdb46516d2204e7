import { GraphBuilder } from '../proto/builder.ts';
import { addGap } from './comparison.ts';
import { addLogSum } from './logSum.ts';
import { MODEL_VARIANTS } from './modelVariants.ts';

/** Names of the outputs of `logitsSumGraph`, float32 [P] each. */
export const LOGITS_SUM_OUTPUTS = ['model_highest', 'model_sum'] as const;

/** Names of the outputs of `logitsComparisonGraph`, float32 [P] each. */
export const LOGITS_COMPARISON_OUTPUTS = [
	'baseline_highest',
	'baseline_sum',
	'shared_highest',
	'shared_sum',
	'gap',
	'agreement'
] as const;

/** Builds the graph of the log-sum-exp of P tokens' logits (`addLogSum`): `model` float32 [P, vocab], sizes free. */
export function logitsSumGraph(): Uint8Array {
	const builder = new GraphBuilder('logits_sum');
	addLogSum(builder, 'model', builder.input('model', ['tokens', 'vocabulary']), 'any');
	for (const name of LOGITS_SUM_OUTPUTS) builder.output(name, ['tokens']);
	return builder.build();
}

/**
 * Builds the graph that compares two models on P tokens. Inputs: `baseline` and `shared`, the logits before each token,
 * float32 [P, vocab]. Outputs, [P]: the terms of either's log-sum-exp (`addLogSum`) and of their Kullback–Leibler
 * divergence (`addGap`); and `agreement`, 1 where both have the same likeliest id (of equally likely ones the lowest),
 * else 0. P and the size of the vocabulary are free.
 */
export function logitsComparisonGraph(): Uint8Array {
	const builder = new GraphBuilder('logits_comparison');
	const [baseline, shared] = MODEL_VARIANTS.map((model) => {
		const logits = builder.input(model, ['tokens', 'vocabulary']);
		const best = builder.node(`${model}/Best`, 'ArgMax', [logits], {
			attributes: { axis: 1n, keepdims: 0n }
		});
		return { ...addLogSum(builder, model, logits, 'any'), best };
	});
	addGap(builder, baseline, shared, 'any');
	const same = builder.node('agreement/Equal', 'Equal', [baseline.best, shared.best]);
	builder.node('agreement/Cast', 'Cast', [same], {
		outputs: ['agreement'],
		attributes: { to: 1n }
	});
	for (const name of LOGITS_COMPARISON_OUTPUTS) builder.output(name, ['tokens']);
	return builder.build();
}
