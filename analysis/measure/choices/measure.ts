import type { Comparison } from '../../engine/variants.ts';
import type { ChoiceTokens } from './encode.ts';
import type { LogLikelihoods } from './types.ts';
import { MODEL_VARIANTS } from '../../graph/modelVariants.ts';

/** Id that sequences are filled up with. Any id would do, because no token sees those after it. */
const FILLER = 0;

/**
 * Summed log-likelihood of every choice given its prompt, by the baseline and by the planned model. `lengthOf` says how
 * many tokens a choice is filled up to; `onChoice` is called with each that is done.
 */
export async function measureChoices(
	comparison: Comparison,
	choices: readonly ChoiceTokens[],
	lengthOf: (choice: ChoiceTokens) => number,
	onChoice: (choice: ChoiceTokens) => void
): Promise<{ baseline: LogLikelihoods; shared: LogLikelihoods }> {
	const found: { baseline: LogLikelihoods; shared: LogLikelihoods } = { baseline: [], shared: [] };
	for (const [length, alike] of byLength(choices, lengthOf)) {
		const sequences = alike.map((choice) => {
			const filler = Array<number>(length - choice.ids.length).fill(FILLER);
			return { choice, ids: [...choice.ids, ...filler] };
		});
		for await (const group of comparison.windows(sequences)) {
			for (const { sequence, comparison: said } of group) {
				const { question, choice, ids, choiceStart } = sequence.choice;
				for (const variant of MODEL_VARIANTS) {
					// The loss at place p is that of token p + 1.
					const own = said[variant].subarray(choiceStart - 1, ids.length - 1);
					(found[variant][question] ??= [])[choice] = -own.reduce((sum, loss) => sum + loss, 0);
				}
				onChoice(sequence.choice);
			}
		}
	}
	return found;
}

function byLength(
	choices: readonly ChoiceTokens[],
	lengthOf: (choice: ChoiceTokens) => number
): Map<number, ChoiceTokens[]> {
	const groups = new Map<number, ChoiceTokens[]>();
	for (const choice of choices) {
		const length = lengthOf(choice);
		const alike = groups.get(length);
		if (alike === undefined) groups.set(length, [choice]);
		else alike.push(choice);
	}
	return groups;
}
