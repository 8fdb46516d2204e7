import type { Way } from '../../engine/ways.ts';
import { checkFinite } from '../../finite.ts';
import type { LogLikelihoods } from './types.ts';

const WORDS: Record<Way, string> = { baseline: 'baseline', shared: 'planned' };

/** Throws InputError for a log-likelihood of a choice that is not finite. `model` names the model. */
export function checkChoices(found: Partial<Record<Way, LogLikelihoods>>, model: string): void {
	for (const way of ['baseline', 'shared'] as const) {
		for (const [question, values] of (found[way] ?? []).entries()) {
			checkFinite(values, model, `${WORDS[way]}, a log-likelihood of question ${question + 1}`);
		}
	}
}
