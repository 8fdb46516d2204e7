import { GraphBuilder, INT64 } from './builder.ts';

const OUTPUTS = ['baseline_loss', 'shared_loss', 'divergence', 'agreement'];

/**
 * What two models say of P tokens: `baseline` and `shared`, the logits before each, float32 [P, vocab], and
 * `targets`, the ids of the tokens, int64 [P, 1] → `baseline_loss` and `shared_loss`, per token the natural-log loss of
 * either; `divergence`, the Kullback–Leibler divergence Σ p·ln(p / q) in nats, p the baseline's, ids whose p is 0 adding
 * 0; and `agreement`, 1 where both have the same likeliest id (of equally likely ones the lowest), else 0; float32 [P]
 * each. P and the size of the vocabulary are free.
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
	const probabilities = builder.node('divergence/Exp', 'Exp', [baseline.logs]);
	const terms = builder.node('divergence/Mul', 'Mul', [
		probabilities,
		builder.node('divergence/Sub', 'Sub', [baseline.logs, shared.logs])
	]);
	// 0·(−∞ + ∞), of an id that a model never gives, is no number.
	const zero = builder.constant('divergence/Zero', new Float32Array(1), []);
	const possible = builder.node('divergence/Greater', 'Greater', [probabilities, zero]);
	const added = builder.node('divergence/Where', 'Where', [possible, terms, zero]);
	builder.node('divergence/Sum', 'ReduceSum', [added, axis], {
		outputs: ['divergence'],
		attributes: { keepdims: 0n }
	});
	const same = builder.node('agreement/Equal', 'Equal', [baseline.best, shared.best]);
	builder.node('agreement/Cast', 'Cast', [same], {
		outputs: ['agreement'],
		attributes: { to: 1n }
	});
	for (const name of OUTPUTS) builder.output(name, ['tokens']);
	return builder.build();
}
