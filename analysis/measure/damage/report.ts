import { baselineFigures } from '../figures.ts';
import { mean, meanInterval } from '../../statistics/figures.ts';
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
import { resultName, type Sample } from './sample.ts';
import type { DamageReport, LayerDamage, LossAdded, RecallDamage } from './types.ts';

const NOTHING: LossAdded = { loss: null, low: null, high: null };

/** All figures, from results of every case on every window. */
export function damageReport(
	prepared: PreparedDamage,
	documents: readonly Document[],
	progress: ProgressFile
): { report: DamageReport; drops: LayerDamage[] } {
	const { checkpoint, maxSpan } = prepared;
	const { layers, slidingWindows } = checkpoint.config;
	const [text] = prepared.samples;
	const recall = prepared.samples.at(1) ?? null;
	const { draws, baseline, resultsOf, added, sharing } = figuresOf(text, progress);
	const drops = Array.from({ length: layers }, (_, layer) => ({
		layer,
		...added(dropName(layer))
	}));
	const pairs = allPairs(layers).map(({ source, follower }) => {
		const found = pairCase(slidingWindows, source, follower);
		const output = found === null ? null : outputSimilarity(resultsOf(sharingName(found)));
		return { source, follower, ...sharing(found), output };
	});
	const spans = allSpans(layers, maxSpan).map(({ source, last }) => ({
		source,
		last,
		...sharing(spanCase(slidingWindows, source, last))
	}));
	const each = evaluationsOfWindow(slidingWindows, maxSpan);
	const probes = recall?.windows.length ?? 0;
	return {
		report: {
			baseline: baselineFigures(prepared, documents, baseline),
			drop: drops.map(({ loss }) => loss),
			pairs,
			spans,
			...(recall !== null && { recall: recallDamage(prepared, recall, progress) }),
			evaluations: {
				done: text.windows.length * each.text + probes * each.probe,
				naive: (text.windows.length + probes) * each.naive
			},
			interval: draws?.over ?? null
		},
		drops
	};
}

/** The same of recall, without `output`. */
function recallDamage(
	{ checkpoint, maxSpan }: PreparedDamage,
	sample: Sample,
	progress: ProgressFile
): RecallDamage {
	const { layers, slidingWindows } = checkpoint.config;
	const { draws, baseline, added, sharing } = figuresOf(sample, progress);
	return {
		baseline: mean(baseline),
		drop: Array.from({ length: layers }, (_, layer) => added(dropName(layer))),
		pairs: allPairs(layers).map(({ source, follower }) => ({
			source,
			follower,
			...sharing(pairCase(slidingWindows, source, follower))
		})),
		spans: allSpans(layers, maxSpan).map(({ source, last }) => ({
			source,
			last,
			...sharing(spanCase(slidingWindows, source, last))
		})),
		windows: sample.windows.length,
		interval: draws?.over ?? null
	};
}

/** The results of a sample, and what each case adds to them. */
function figuresOf(sample: Sample, progress: ProgressFile) {
	const draws = drawWindows(sample.windows.map(({ document }) => document));
	const resultsOf = (name: string) =>
		sample.windows.map((_, window) => resultOf(progress, window, resultName(sample, name)));
	const baseline = resultsOf(BASELINE).map(({ loss }) => loss);
	const added = (name: string) =>
		lossAdded(
			resultsOf(name).map(({ loss }, window) => loss - baseline[window]),
			draws
		);
	const sharing = (found: SharingCase | null) =>
		found === null ? NOTHING : added(sharingName(found));
	return { draws, baseline, resultsOf, added, sharing };
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
