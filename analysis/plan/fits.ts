import type { ModelConfig } from '../model/checkpoint/types.ts';
import { InputError } from '../errors.ts';
import type { Plan } from './types.ts';

/**
 * Throws InputError where a plan is none for a model: another number of layers, head maps of other heads, or
 * attention of its own for a layer that by the model's own making has none.
 */
export function checkPlanFits(
	plan: Plan,
	model: Pick<ModelConfig, 'layers' | 'heads' | 'shared'> & { name: string }
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
	model.shared?.sources.forEach((own, layer) => {
		const asked = plan.sources[layer];
		if (own === layer || asked === null || (own !== null && asked !== layer)) return;
		const why =
			own === null
				? 'has no attention, by its own config'
				: `follows layer ${own} and has no queries and keys, by its own config`;
		throw new InputError(
			`plan for ${plan.model.name}: layer ${layer} has source ${asked}; in ${model.name} it ${why}`
		);
	});
}
