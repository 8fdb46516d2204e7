import type { ModelConfig } from '../checkpoint/types.ts';
import { GraphBuilder } from './builder.ts';

/** Names of the outputs of `comparisonGraph`, each [S]. */
export const COMPARISON_OUTPUTS = [
	'baseline_log_sum_exp',
	'shared_log_sum_exp',
	'divergence',
	'baseline_best',
	'shared_best',
	'baseline_best_row',
	'shared_best_row'
] as const;

export type ComparisonOutput = (typeof COMPARISON_OUTPUTS)[number];

/**
 * What two models say of a part of the vocabulary: `baseline` and `shared`, normed hidden states [S, hidden],
 * and rows [C, hidden] of the output embedding → per position, over those C ids alone: log-sum-exp of either's
 * logits; the Kullback–Leibler divergence Σ p·ln(p / q) in nats of the distributions within the part, p the
 * baseline's; either's highest logit, and the row that has it (as a float32, the lowest where several do).
 */
export function comparisonGraph(config: ModelConfig, context: number, rows: number): Uint8Array {
	const builder = new GraphBuilder('comparison');
	builder.input('rows', [rows, config.hidden]);
	const axis = builder.integers(1);
	const column = builder.constant('column', [0n], []);
	const flat = { keepdims: 0n };

	/** Logs of one model's probabilities within the part, [S, C]. */
	const logProbabilities = (model: 'baseline' | 'shared'): string => {
		builder.input(model, [context, config.hidden]);
		const logits = builder.node(`${model}/Gemm`, 'Gemm', [model, 'rows'], {
			attributes: { transB: 1n }
		});
		builder.node(`${model}/Best`, 'ReduceMax', [logits, axis], {
			outputs: [`${model}_best`],
			attributes: flat
		});
		const row = builder.node(`${model}/BestRow`, 'ArgMax', [logits], {
			attributes: { axis: 1n, ...flat }
		});
		builder.node(`${model}/BestRowFloat`, 'Cast', [row], {
			outputs: [`${model}_best_row`],
			attributes: { to: 1n }
		});
		const logs = builder.node(`${model}/LogSoftmax`, 'LogSoftmax', [logits], {
			attributes: { axis: -1n }
		});
		// Every logit less its log-probability is the log-sum-exp; reading one is faster than summing again.
		const first = (name: string, values: string): string =>
			builder.node(`${model}/${name}`, 'Gather', [values, column], { attributes: { axis: 1n } });
		builder.node(
			`${model}/LogSumExp`,
			'Sub',
			[first('FirstLogit', logits), first('FirstLog', logs)],
			{ outputs: [`${model}_log_sum_exp`] }
		);
		return logs;
	};
	const baseline = logProbabilities('baseline');
	const shared = logProbabilities('shared');
	const terms = builder.node('divergence/Mul', 'Mul', [
		builder.node('divergence/Exp', 'Exp', [baseline]),
		builder.node('divergence/Sub', 'Sub', [baseline, shared])
	]);
	builder.node('divergence/Sum', 'ReduceSum', [terms, axis], {
		outputs: ['divergence'],
		attributes: flat
	});
	for (const name of COMPARISON_OUTPUTS) builder.output(name, [context]);
	return builder.build();
}
