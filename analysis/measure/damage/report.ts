import { baselineFigures } from '../figures.ts';
import { meanInterval } from '../../statistics/figures.ts';
import { drawWindows, type Draws } from '../../statistics/resample.ts';
import type { Document } from '../../model/tokens/types.ts';
import {
	allPairs,
	allSpans,
	BASELINE,
	dropName,
	evaluationsOfWindow,
	pairCase,
	sharingName,
	spanCase,
	type SharingCase
} from './cases.ts';
import type { PreparedDamage } from './prepare.ts';
import type { CaseResult, ProgressFile } from '../lossFile.ts';
import type { DamageReport, LayerDamage, LossAdded } from './types.ts';

const NOTHING: LossAdded = { loss: null, low: null, high: null };

/** All figures, from results of every case on every window. */
export function damageReport(
	prepared: PreparedDamage,
	documents: readonly Document[],
	progress: ProgressFile
): { report: DamageReport; drops: LayerDamage[] } {
	const { checkpoint, windows, maxSpan } = prepared;
	const { layers, reach } = checkpoint.config;
	const draws = drawWindows(windows.map(({ document }) => document));
	const resultsOf = (name: string) => windows.map((_, window) => resultOf(progress, window, name));
	const baseline = resultsOf(BASELINE).map(({ loss }) => loss);
	const added = (name: string) =>
		lossAdded(
			resultsOf(name).map(({ loss }, window) => loss - baseline[window]),
			draws
		);
	const sharing = (found: SharingCase | null) =>
		found === null ? NOTHING : added(sharingName(found));

	const drops = Array.from({ length: layers }, (_, layer) => ({
		layer,
		...added(dropName(layer))
	}));
	const pairs = allPairs(layers).map(({ source, follower }) => {
		const found = pairCase(reach, source, follower);
		const output = found === null ? null : outputSimilarity(resultsOf(sharingName(found)));
		return { source, follower, ...sharing(found), output };
	});
	const spans = allSpans(layers, maxSpan).map(({ source, last }) => ({
		source,
		last,
		...sharing(spanCase(reach, source, last))
	}));
	const { done, naive } = evaluationsOfWindow(reach, maxSpan);
	return {
		report: {
			baseline: baselineFigures(prepared, documents, baseline),
			drop: drops.map(({ loss }) => loss),
			pairs,
			spans,
			evaluations: { done: done * windows.length, naive: naive * windows.length },
			interval: draws?.over ?? null
		},
		drops
	};
}

function resultOf(progress: ProgressFile, window: number, name: string): CaseResult {
	const result = progress.get(window, name);
	if (result === undefined) throw new Error(`${name} was not measured on window ${window}`);
	return result;
}

function lossAdded(deltas: readonly number[], draws: Draws | null) {
	const { value, low, high } = meanInterval(deltas, draws);
	return { loss: value, low, high };
}

/** `output` of a pair: squares are summed over windows before the root. null: the follower puts out nothing. */
export function outputSimilarity(results: readonly CaseResult[]): number | null {
	const sum = (part: 0 | 1) =>
		results.reduce((total, { squares }) => total + (squares?.[part] ?? NaN), 0);
	const own = sum(1);
	return own > 0 ? 1 - Math.sqrt(sum(0) / own) : null;
}
