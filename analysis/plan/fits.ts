import { InputError } from '../errors.ts';
import type { Plan } from './types.ts';

/** Throws InputError where a plan is none for a model: another number of layers, or head maps of other heads. */
export function checkPlanFits(
	plan: Plan,
	model: { name: string; layers: number; heads: number }
): void {
	if (plan.model.layers !== model.layers) {
		throw new InputError(
			`plan for ${plan.model.name}: ${plan.model.layers} layers; ${model.name} has ${model.layers}`
		);
	}
	const mapped = plan.spans.some(({ headMap }) => headMap !== 'identity');
	if (mapped && plan.model.heads !== model.heads) {
		throw new InputError(
			`plan for ${plan.model.name}: head maps of ${plan.model.heads} heads; ${model.name} has ${model.heads}`
		);
	}
}
