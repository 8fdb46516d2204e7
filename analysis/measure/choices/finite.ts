import type { Way } from '../../engine/ways.ts';
import { checkFinite } from '../../finite.ts';
import { WAY_WORDS, WAYS } from '../comparedFinite.ts';
import type { LogLikelihoods } from './types.ts';

/** Throws InputError for a log-likelihood of a choice that is not finite. `model` names the model. */
export function checkChoices(found: Partial<Record<Way, LogLikelihoods>>, model: string): void {
	for (const way of WAYS) {
		for (const [question, values] of (found[way] ?? []).entries()) {
			checkFinite(values, model, `${WAY_WORDS[way]}, a log-likelihood of question ${question + 1}`);
		}
	}
}
