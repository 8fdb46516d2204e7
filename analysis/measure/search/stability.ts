import { leastCost } from '../../plan/front.ts';
import type { Sources } from '../../plan/types.ts';
import { RESAMPLES, type Draws } from '../../statistics/resample.ts';
import { kindOf, type Candidate } from './candidate.ts';
import { STABILITY_RESAMPLES } from './constants.ts';
import { dropVariant, spanVariant, type SearchDamage } from './damage.ts';
import type { LossMeter } from './lossMeter.ts';
import type { Stability } from './types.ts';
import { weighedFront, type Weighing } from './weighed.ts';

/**
 * Computes the stability of a plan: the exact plan of its kind, at its weight and saving, is made again from each of
 * some bootstrap resamples of the windows and probes of the search part. Nothing is run. undefined: too few windows, or
 * a plan that changes nothing.
 */
export async function stabilityOf(
	{ sources, weight = 0 }: Candidate,
	of: { weighing: Weighing; fraction: number; meter: LossMeter; recall: LossMeter | null }
): Promise<Stability | undefined> {
	const { weighing, fraction, meter, recall } = of;
	const kind = kindOf(sources);
	const draws = meter.draws.search;
	if (kind === 'none' || draws === null) return undefined;
	const { damage } = weighing;
	const text = await casesOf(damage, sources.length, meter);
	const recalled = recall && (await casesOf(weighedOnly(damage), sources.length, recall));
	const chosen = new Array<number>(sources.length).fill(0);
	let same = 0;
	for (let r = 0; r < STABILITY_RESAMPLES; r++) {
		const resampled = resampledDamage(
			damage,
			text.map((windows) => weightedMean(windows, draws, r)),
			recalled?.map((probes) => weightedMean(probes, recall?.draws.search ?? null, r)) ?? null
		);
		const found = leastCost(
			weighedFront(kind, weight, { ...weighing, damage: resampled }),
			fraction
		);
		if (found === null) continue;
		same += Number(sameSources(found.sources, sources));
		for (const [layer, source] of found.sources.entries())
			chosen[layer] += Number(source !== layer);
	}
	return {
		resamples: STABILITY_RESAMPLES,
		layers: chosen.map((count) => count / STABILITY_RESAMPLES),
		same: same / STABILITY_RESAMPLES
	};
}

/** Measures the loss increase of every measured drop, then span, on each window of search, [cases][windows]. */
function casesOf(
	{ drop, spans }: SearchDamage,
	layers: number,
	meter: LossMeter
): Promise<number[][]> {
	const drops = drop.flatMap((damage, layer) =>
		damage === null ? [] : [dropVariant(layers, layer)]
	);
	const shared = spans
		.filter(({ measured }) => measured !== null)
		.map(({ source, last }) => spanVariant(layers, source, last));
	return meter.addedByWindow('search', [...drops, ...shared]);
}

/** Those of whose recall the mean is over all probes. */
function weighedOnly({ recallDrop, spans, drop }: SearchDamage): SearchDamage {
	return {
		drop: drop.map((damage, layer) => (recallDrop?.[layer] == null ? null : damage)),
		recallDrop,
		spans: spans.map((span) => (span.recall == null ? { ...span, measured: null } : span))
	};
}

/** The damage with the means of a resample in the order of `casesOf`. */
function resampledDamage(
	damage: SearchDamage,
	text: readonly number[],
	recall: readonly number[] | null
): SearchDamage {
	let [next, nextRecall] = [0, 0];
	const take = (measured: number | null, weighed: number | null | undefined) => ({
		text: measured === null ? null : text[next++],
		recall: measured === null || weighed == null ? null : (recall?.[nextRecall++] ?? null)
	});
	const drops = damage.drop.map((drop, layer) => take(drop, damage.recallDrop?.[layer]));
	return {
		drop: drops.map((each) => each.text),
		recallDrop: recall && drops.map((each) => each.recall),
		spans: damage.spans.map((span) => {
			const taken = take(span.measured, span.recall);
			return { ...span, measured: taken.text, recall: taken.recall };
		})
	};
}

/** Mean over windows as often as resample `r` drew each; over all where there are no draws. */
function weightedMean(values: readonly number[], draws: Draws | null, r: number): number {
	let [sum, count] = [0, 0];
	for (const [window, value] of values.entries()) {
		const times = draws === null ? 1 : draws.counts[window * RESAMPLES + r];
		sum += times * value;
		count += times;
	}
	return sum / count;
}

function sameSources(one: Sources, other: Sources): boolean {
	return one.every((source, layer) => source === other[layer]);
}
