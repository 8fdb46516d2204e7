import { mean } from '../../statistics/figures.ts';
import { allPairs, BASELINE, costsOfCases, dropName, pairCase, sharingName } from './cases.ts';
import type { CaseResult } from '../lossFile.ts';
import { outputSimilarity } from './report.ts';
import { isOnText } from './sample.ts';
import type { LayerDamage, LossAdded, PairDamage } from './types.ts';

/** Results of a measurement that still runs. Each case has the mean over the windows that it was run on. */
export interface DamageSoFar {
	/** Results that are there, and how many there will be: cases × windows. */
	results: { found: number; all: number };
	/** Losses are null where there is no result yet; there are no intervals. */
	drops: LayerDamage[];
	pairs: PairDamage[];
}

/** Drops and pairs from the results on text that there are, of `windows` windows. */
export function damageSoFar(
	of: { slidingWindows: readonly (number | null)[]; windows: number; maxSpan: number },
	all: readonly CaseResult[]
): DamageSoFar {
	const { slidingWindows, windows, maxSpan } = of;
	const results = all.filter((result) => isOnText(result.case));
	const byCase = new Map<string, CaseResult[]>();
	for (const result of results) {
		const found = byCase.get(result.case);
		if (found === undefined) byCase.set(result.case, [result]);
		else found.push(result);
	}
	// A window's baseline is there before any other case of it.
	const baseline = new Map(byCase.get(BASELINE)?.map(({ window, loss }) => [window, loss]));
	const added = (found: readonly CaseResult[]): LossAdded => ({
		loss:
			found.length === 0
				? null
				: mean(found.map(({ window, loss }) => loss - (baseline.get(window) ?? NaN))),
		low: null,
		high: null
	});
	return {
		results: {
			found: results.length,
			all: windows * (1 + costsOfCases(slidingWindows, maxSpan).size)
		},
		drops: slidingWindows.map((_, layer) => ({
			layer,
			...added(byCase.get(dropName(layer)) ?? [])
		})),
		pairs: allPairs(slidingWindows.length).map(({ source, follower }) => {
			const sharing = pairCase(slidingWindows, source, follower);
			const found = (sharing && byCase.get(sharingName(sharing))) ?? [];
			return { source, follower, ...added(found), output: outputSimilarity(found) };
		})
	};
}
