import { integerOf } from './graphView.ts';
import type { OnnxModel } from './read.ts';

/** MatMulNBits' accuracy_level from which on it rounds activations to 8 bits. */
const INT8_ACTIVATIONS = 4;

/** Tells whether a model's activations are rounded to 8 bits, so that the least change may move a logit by a step. */
export function roundsActivations({ graph }: Pick<OnnxModel, 'graph'>): boolean {
	return graph.node.some(
		(node) =>
			node.opType.startsWith('DynamicQuantize') ||
			(integerOf(node, 'accuracy_level') ?? 0) >= INT8_ACTIVATIONS
	);
}
