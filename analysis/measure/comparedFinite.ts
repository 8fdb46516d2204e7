import { checkFinite } from '../finite.ts';
import type { Compared, Way } from '../engine/ways.ts';

export const WAYS = ['baseline', 'shared'] as const;
/** Names of the two models in messages. */
export const WAY_WORDS: Readonly<Record<Way, string>> = { baseline: 'baseline', shared: 'planned' };

/**
 * Throws InputError for a loss or a divergence of windows that is not finite: one such value makes all that is computed
 * from it none. `model` names the model, and `nameOf` a window: "window 3".
 */
export function checkWindows(
	group: readonly Compared<unknown>[],
	model: string,
	nameOf: (index: number) => string
): void {
	for (const [index, { comparison }] of group.entries()) {
		const name = nameOf(index);
		for (const way of WAYS)
			checkFinite(comparison[way], model, `${name}: ${WAY_WORDS[way]}, the loss`);
		checkFinite(comparison.kl, model, `${name}: ${WAY_WORDS.shared}, the divergence`);
	}
}
