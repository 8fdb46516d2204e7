import { spearman } from '../../statistics/rank.ts';
import type { Sources } from '../../plan/types.ts';
import type { Known } from './greedy.ts';
import type { OutputOf } from './outputs.ts';
import type { SearchReport, ShortlistedSpan } from './types.ts';
import type { PlanVariant } from './variant.ts';

/** Loss increase of single dropped layers and spans on the search part, nats/token. */
export interface SearchDamage {
	/** [L]; null: protected. */
	drop: (number | null)[];
	/** By what the shortlist makes of them, cheapest first. */
	spans: ShortlistedSpan[];
	/** [L]: what dropping adds to the loss on a passage that comes again; null: recall was not measured. */
	recallDrop: (number | null)[] | null;
}

/** The plan that drops one layer. */
export function dropVariant(layers: number, dropped: number): PlanVariant {
	return {
		sources: Array.from({ length: layers }, (_, layer) => (layer === dropped ? null : layer))
	};
}

/** The plan of one span. */
export function spanVariant(layers: number, source: number, last: number): PlanVariant {
	return {
		sources: Array.from({ length: layers }, (_, layer) =>
			layer > source && layer <= last ? source : layer
		)
	};
}

/** Σ over followers of drop damage × (1 − output). */
export function cheapDamage(
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

/** Looks up the loss increase of dropping a layer or of following the one before it; of longer spans none is known. */
export function knownOf({ drop, spans }: SearchDamage): Known {
	return (layer, source) =>
		source === null
			? drop[layer]
			: (spans.find((span) => span.source === source && span.last === layer && source === layer - 1)
					?.measured ?? null);
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
 * Sum of what the spans and dropped layers of a plan add by themselves; null: not all of them were measured.
 */
export function sumOfParts(
	sources: Sources,
	{ drop, spans }: Pick<SearchDamage, 'drop' | 'spans'>
): number | null {
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

/** The same of recall; null: it was not measured, or not of all of them. */
export function sumOfRecall(sources: Sources, { recallDrop, spans }: SearchDamage): number | null {
	if (recallDrop === null) return null;
	const measured = spans.map((span) => ({ ...span, measured: span.recall ?? null }));
	return sumOfParts(sources, { drop: recallDrop, spans: measured });
}
