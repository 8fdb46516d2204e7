import { checkFinite } from '../../../finite.ts';
import type { Comparison } from '../../../engine/variants.ts';
import { scoreProbes, type SequenceLosses } from './score.ts';
import type { ProbeReport, ProbeSet } from './types.ts';

/**
 * Asks both variants of the model the questions of each set; `onSequence` is called with the set of each sequence that is done. Throws
 * InputError where a loss is not finite.
 */
export async function measureProbes(
	comparison: Comparison,
	sets: readonly ProbeSet[],
	model: string,
	onSequence: (set: ProbeSet) => void
): Promise<ProbeReport[]> {
	const reports = [];
	for (const set of sets) {
		const losses: SequenceLosses[number][] = [];
		for await (const group of comparison.ask(set.sequences)) {
			for (const { losses: found } of group) {
				const name = `${set.task} probe ${losses.length} of ${set.tokens} tokens`;
				checkFinite(found.baseline.flat(), model, `${name}: baseline, the loss`);
				checkFinite(found.shared.flat(), model, `${name}: planned, the loss`);
				losses.push(found);
				onSequence(set);
			}
		}
		reports.push(scoreProbes(set, losses));
	}
	return reports;
}
