import { spearman } from '../../statistics/rank.ts';
import type { Sources } from '../../plan/types.ts';
import type { Meter } from './meter.ts';
import type { OutputOf } from './outputs.ts';
import type { PreparedSearch } from './prepare.ts';
import type { SearchReport, ShortlistedSpan } from './types.ts';

/** What single left-out layers and spans add on the search part, nats a token. */
export interface SearchDamage {
	/** [L]; null: protected. */
	drop: (number | null)[];
	/** By what the shortlist makes of them, cheapest first. */
	spans: ShortlistedSpan[];
}

/**
 * Measures every left-out layer, and every span or only the `shortlist` that drop damage and `output` make the
 * cheapest. The shortlist is drawn up before any span is measured.
 */
export async function measureDamage(
	{ layout: { layers }, limits, spans }: PreparedSearch,
	meter: Meter,
	output: OutputOf,
	shortlist: number | null
): Promise<SearchDamage> {
	const kept = Array.from({ length: layers }, (_, layer) => layer);
	const leftOut = (left: number): Sources => kept.map((layer) => (layer === left ? null : layer));
	const dropped = kept.filter((layer) => !limits.protectedLayers.includes(layer));
	const drop = new Array<number | null>(layers).fill(null);
	const losses = await meter.added(
		'search',
		dropped.map((layer) => ({ sources: leftOut(layer) }))
	);
	for (const [at, layer] of dropped.entries()) drop[layer] = losses[at].loss;

	const listed = spans
		.map(({ source, last }) => ({ source, last, cheap: cheapDamage(source, last, drop, output) }))
		.sort((a, b) => a.cheap - b.cheap);
	const chosen = listed.slice(0, shortlist ?? listed.length);
	const measured = await meter.added(
		'search',
		chosen.map(({ source, last }) => ({
			sources: kept.map((layer) => (layer > source && layer <= last ? source : layer))
		}))
	);
	return {
		drop,
		spans: listed.map((span, at) => ({ ...span, measured: measured.at(at)?.loss ?? null }))
	};
}

/** Σ over followers of drop damage × (1 − output). */
function cheapDamage(
	source: number,
	last: number,
	drop: readonly (number | null)[],
	output: OutputOf
): number {
	let sum = 0;
	for (let follower = source + 1; follower <= last; follower++) {
		// A follower that puts out nothing puts out nothing wrong.
		sum += (drop[follower] ?? 0) * (1 - (output(source, follower) ?? 1));
	}
	return sum;
}

/** The shortlist with its rank agreement over the spans that were measured. */
export function shortlistOf({ spans }: SearchDamage): SearchReport['shortlist'] {
	const measured = spans.filter((span) => span.measured !== null);
	return {
		spans,
		rho: spearman(
			measured.map(({ cheap }) => cheap),
			measured.map((span) => span.measured ?? 0)
		)
	};
}

/**
 * Sum of what the spans and left-out layers of a plan add by themselves; null: not all of them were measured.
 */
export function sumOfParts(sources: Sources, { drop, spans }: SearchDamage): number | null {
	let sum = 0;
	for (const [layer, source] of sources.entries()) {
		if (source === null) {
			const damage = drop[layer];
			if (damage === null) return null;
			sum += damage;
			continue;
		}
		const isLast = source !== layer && sources.at(layer + 1) !== source;
		if (!isLast) continue;
		const span = spans.find((each) => each.source === source && each.last === layer);
		if (span === undefined || span.measured === null) return null;
		sum += span.measured;
	}
	return sum;
}
