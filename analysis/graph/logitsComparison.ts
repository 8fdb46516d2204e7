import { GraphBuilder, INT64 } from './builder.ts';

/** Names of the outputs of `logitsComparisonGraph`, float32 [P] each. */
export const LOGITS_COMPARISON_OUTPUTS = [
	'baseline_loss',
	'shared_loss',
	'divergence',
	'agreement'
] as const;

export type LogitsComparisonOutput = (typeof LOGITS_COMPARISON_OUTPUTS)[number];

/**
 * What two models say of P tokens: `baseline` and `shared`, the logits before each, float32 [P, vocab], and
 * `targets`, the ids of the tokens, int64 [P, 1] → per token the natural-log loss of either; the Kullback–Leibler
 * divergence Σ p·ln(p / q) in nats, p the baseline's; and 1 where both have the same likeliest id (of equally likely
 * ones the lowest), else 0. P and the size of the vocabulary are free.
 */
export function logitsComparisonGraph(): Uint8Array {
	const builder = new GraphBuilder('logits_comparison');
	builder.input('targets', ['tokens', 1], INT64);
	const axis = builder.integers(1);
	const models = (['baseline', 'shared'] as const).map((model) => {
		builder.input(model, ['tokens', 'vocabulary']);
		const logs = builder.node(`${model}/LogSoftmax`, 'LogSoftmax', [model], {
			attributes: { axis: -1n }
		});
		const own = builder.node(`${model}/Own`, 'GatherElements', [logs, 'targets'], {
			attributes: { axis: 1n }
		});
		builder.node(`${model}/Loss`, 'Neg', [builder.node(`${model}/Flat`, 'Squeeze', [own, axis])], {
			outputs: [`${model}_loss`]
		});
		const best = builder.node(`${model}/Best`, 'ArgMax', [model], {
			attributes: { axis: 1n, keepdims: 0n }
		});
		return { logs, best };
	});
	const [baseline, shared] = models;
	const terms = builder.node('divergence/Mul', 'Mul', [
		builder.node('divergence/Exp', 'Exp', [baseline.logs]),
		builder.node('divergence/Sub', 'Sub', [baseline.logs, shared.logs])
	]);
	builder.node('divergence/Sum', 'ReduceSum', [terms, axis], {
		outputs: ['divergence'],
		attributes: { keepdims: 0n }
	});
	const same = builder.node('agreement/Equal', 'Equal', [baseline.best, shared.best]);
	builder.node('agreement/Cast', 'Cast', [same], {
		outputs: ['agreement'],
		attributes: { to: 1n }
	});
	for (const name of LOGITS_COMPARISON_OUTPUTS) builder.output(name, ['tokens']);
	return builder.build();
}
