import type { ModelConfig, Scales } from '../model/checkpoint/types.ts';
import { GraphBuilder } from '../proto/builder.ts';
import { addLogits } from './logits.ts';
import { addLogSum, addSum, type Columns } from './logSum.ts';
import { MODEL_VARIANTS } from './modelVariants.ts';

/** Names of the outputs of `comparisonGraph`, each [S]. */
export const COMPARISON_OUTPUTS = [
	'baseline_highest',
	'baseline_sum',
	'shared_highest',
	'shared_sum',
	'gap',
	'baseline_best_row',
	'shared_best_row'
] as const;

export type ComparisonOutput = (typeof COMPARISON_OUTPUTS)[number];

/**
 * Builds the graph that compares two models on a part of the vocabulary. Inputs: `baseline` and `shared`, normed
 * hidden states [S, hidden], and `rows` [C, hidden] of the output embedding. Outputs, [S], over those C ids alone: the
 * terms of either's log-sum-exp (`addLogSum`); `gap` (`addGap`), for the Kullback–Leibler divergence within the part;
 * and the row of either's highest logit (as a float32, the lowest where several have it).
 */
export function comparisonGraph(config: ModelConfig, context: number, rows: number): Uint8Array {
	const builder = new GraphBuilder('comparison');
	builder.input('rows', [rows, config.hidden]);
	for (const model of MODEL_VARIANTS) builder.input(model, [context, config.hidden]);
	addComparison(builder, config.scales, { baseline: 'baseline', shared: 'shared' }, 'rows');
	for (const name of COMPARISON_OUTPUTS) builder.output(name, [context]);
	return builder.build();
}

/** Logits less the highest of their row, and the exponentials of that, [rows, columns]; see `addLogSum`. */
interface Shifted {
	shifted: string;
	exponentials: string;
}

/**
 * Adds what two models say of a part of the vocabulary to a graph: the outputs of `comparisonGraph`, their names after
 * `at`. `baseline` and `shared` are normed hidden states, `rows` those of the output embedding.
 */
export function addComparison(
	builder: GraphBuilder,
	scales: Scales,
	normed: { baseline: string; shared: string },
	rows: string,
	at = ''
): void {
	const [baseline, shared] = MODEL_VARIANTS.map((model) => {
		const logits = addLogits(builder, `${at}${model}/`, normed[model], rows, scales);
		const row = builder.node(`${at}${model}/BestRow`, 'ArgMax', [logits], {
			attributes: { axis: 1n, keepdims: 0n }
		});
		builder.node(`${at}${model}/BestRowFloat`, 'Cast', [row], {
			outputs: [`${at}${model}_best_row`],
			attributes: { to: 1n }
		});
		return addLogSum(builder, `${at}${model}`, logits, 'part');
	});
	addGap(builder, baseline, shared, 'part', `${at}gap`);
}

/** Less than any logit less the highest can be, but −∞: e^x is 0 long before. */
const LOWEST = -1e30;

/**
 * Adds `name` (`gap`) [rows]: Σ e^x·(x − y), x the baseline's shifted logits and y the other's. With s and t the sums of their
 * exponentials, the Kullback–Leibler divergence Σ p·ln(p / q) is gap / s − ln s + ln t. Ids whose e^x is 0 add 0.
 */
export function addGap(
	builder: GraphBuilder,
	baseline: Shifted,
	shared: Shifted,
	columns: Columns,
	name = 'gap'
): void {
	const { shifted: x, exponentials } = baseline;
	const { shifted: y } = shared;
	const least = builder.node(`${name}/Least`, 'ReduceMin', [y], { attributes: { keepdims: 0n } });
	const lowest = builder.scalar(LOWEST);
	const finite = builder.node(`${name}/Finite`, 'Greater', [least, lowest]);

	// x = −∞ adds 0 as well: e^x times a number.
	const quick = new GraphBuilder('quick', `${name}/quick/`);
	const above = quick.node(`${name}/Max`, 'Max', [x, lowest]);
	const terms = quick.node(`${name}/Mul`, 'Mul', [
		exponentials,
		quick.node(`${name}/Sub`, 'Sub', [above, y])
	]);

	// 0·(−∞ + ∞), of an id that neither model ever gives, is no number. To ask this of every id takes three times as long.
	const asked = new GraphBuilder('asked', `${name}/asked/`);
	const zero = asked.scalar(0);
	const all = asked.node(`${name}/AskedMul`, 'Mul', [
		exponentials,
		asked.node(`${name}/AskedSub`, 'Sub', [x, y])
	]);
	const never = asked.node(`${name}/Equal`, 'Equal', [exponentials, zero]);
	const possible = asked.node(`${name}/Where`, 'Where', [never, zero, all]);

	const chosen = builder.node(`${name}/If`, 'If', [finite], {
		attributes: { then_branch: quick.branch([terms]), else_branch: asked.branch([possible]) }
	});
	addSum(builder, name, chosen, columns);
}
