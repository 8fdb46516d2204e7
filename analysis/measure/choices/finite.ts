import { MODEL_VARIANTS, type ModelVariant } from '../../graph/modelVariants.ts';
import { checkFinite } from '../../finite.ts';
import { VARIANT_NAMES } from '../comparedFinite.ts';
import type { LogLikelihoods } from './types.ts';

/** Throws InputError for a log-likelihood of a choice that is not finite. `model` names the model. */
export function checkChoices(
	found: Partial<Record<ModelVariant, LogLikelihoods>>,
	model: string
): void {
	for (const variant of MODEL_VARIANTS) {
		for (const [question, values] of (found[variant] ?? []).entries()) {
			checkFinite(
				values,
				model,
				`${VARIANT_NAMES[variant]}, a log-likelihood of question ${question + 1}`
			);
		}
	}
}
