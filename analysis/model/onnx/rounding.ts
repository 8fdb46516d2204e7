import { integerOf } from './graphView.ts';
import type { OnnxModel } from './read.ts';

/** MatMulNBits' accuracy_level from which on it rounds activations to 8 bits. */
const INT8_ACTIVATIONS = 4;

/**
 * Says of a comparison of a model that rounds its activations that not all of a difference is the plan's; nothing where it
 * does not round them.
 */
export function roundingNotes(model: Pick<OnnxModel, 'graph'>): string[] {
	if (!roundsActivations(model)) return [];
	return [
		'activations are rounded to 8 bits, so that any change of the graph moves the loss a little, without a plan too: ' +
			'spanwise analyze says by how much; for differences of that size use an export that does not round them ' +
			'(MatMulNBits with an accuracy_level below 4)'
	];
}

/** Tells whether a model's activations are rounded to 8 bits, so that the least change may move a logit by a step. */
export function roundsActivations({ graph }: Pick<OnnxModel, 'graph'>): boolean {
	return graph.node.some(
		(node) =>
			node.opType.startsWith('DynamicQuantize') ||
			(integerOf(node, 'accuracy_level') ?? 0) >= INT8_ACTIVATIONS
	);
}
