import { ForwardPass, type PlannedLayers } from '../../capture/forward.ts';
import { LanguageHead } from '../../capture/head.ts';
import { allocateSource, attentionLayout } from '../../capture/layout.ts';
import type { WeightSource } from '../../capture/weights.ts';
import type { ModelConfig } from '../../checkpoint/types.ts';
import { filledLength, type ChoiceTokens } from './encode.ts';
import type { LogLikelihoods } from './types.ts';

/** What sequences are filled up with: no matter which id, because no token sees those after it. */
const FILLER = 0;

/**
 * Summed log-likelihood of every choice given its prompt, by the model as it is and as planned. `onChoice` is
 * told of each choice that is done.
 */
export async function measureChoices(
	config: ModelConfig,
	weights: WeightSource,
	windowsPerGroup: number,
	planned: PlannedLayers,
	choices: readonly ChoiceTokens[],
	onChoice: (choice: ChoiceTokens) => void
): Promise<{ baseline: LogLikelihoods; shared: LogLikelihoods }> {
	const found: { baseline: LogLikelihoods; shared: LogLikelihoods } = { baseline: [], shared: [] };
	for (const [length, alike] of byLength(choices, config.maxPositions)) {
		const layout = attentionLayout(config, length);
		const forward = new ForwardPass(config, layout, weights);
		const head = await LanguageHead.open(config, length, weights);
		const rooms = Array.from({ length: windowsPerGroup }, () =>
			allocateSource(layout, planned.sources)
		);
		for (let first = 0; first < alike.length; first += windowsPerGroup) {
			const group = alike.slice(first, first + windowsPerGroup).map((choice) => ({
				...choice,
				filled: [...choice.ids, ...Array<number>(length - choice.ids.length).fill(FILLER)]
			}));
			for (const way of ['baseline', 'shared'] as const) {
				const states = [];
				for (const [index, { filled }] of group.entries()) {
					states.push(await forward.start(filled, way === 'shared' ? rooms[index] : null));
				}
				await forward.run(states, way === 'shared' ? planned : {});
				const losses = await head.losses(
					states.map(({ hidden }, index) => ({ hidden, ids: group[index].filled }))
				);
				for (const [index, { question, choice, ids, choiceStart }] of group.entries()) {
					// The loss at place p is that of token p + 1.
					const own = losses[index].subarray(choiceStart - 1, ids.length - 1);
					(found[way][question] ??= [])[choice] = -own.reduce((sum, loss) => sum + loss, 0);
				}
			}
			group.forEach((choice) => onChoice(choice));
		}
		await forward.release();
		await head.release();
	}
	return found;
}

function byLength(
	choices: readonly ChoiceTokens[],
	maxPositions: number
): Map<number, ChoiceTokens[]> {
	const groups = new Map<number, ChoiceTokens[]>();
	for (const choice of choices) {
		const length = filledLength(choice.ids.length, maxPositions);
		const alike = groups.get(length);
		if (alike === undefined) groups.set(length, [choice]);
		else alike.push(choice);
	}
	return groups;
}
