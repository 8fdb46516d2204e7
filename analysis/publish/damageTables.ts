import type { Damage, DamageReport, LossAdded, PairDamage } from '../measure/damage/types.ts';
import { spansOf } from '../plan/spans.ts';
import type { Sources } from '../plan/types.ts';

/** Measured damage where a map and a table look it up. Losses added are nats/token. */
export interface DamageTables {
	layers: number;
	/** [L]: attention of the dropped layer. */
	drops: readonly LossAdded[];
	/** [L, L]: row reused by column; null on and below the diagonal. */
	pairs: readonly (PairDamage | null)[];
	/** By `spanKey`. */
	spans: ReadonlyMap<string, LossAdded>;
	/** The same drops and pairs by what they cost recall; null: it was not measured. */
	recall: { drops: readonly LossAdded[]; pairs: readonly (LossAdded | null)[] } | null;
}

/** Cost of a plan as the sum of its parts' costs, each measured by itself. */
export interface MeasuredParts {
	/** Sum over spans and dropped layers (nats/token); null: some were not measured. */
	sum: number | null;
	/** Spans that were not measured: "2–9". */
	missing: string[];
	/** The same with the attention of every follower dropped instead. */
	dropped: number;
}

function spanKey(source: number, last: number): string {
	return `${source}–${last}`;
}

export function damageTables({
	drops,
	pairs: measured,
	spans,
	recall
}: Pick<Damage, 'drops'> & Pick<DamageReport, 'pairs' | 'spans' | 'recall'>): DamageTables {
	const layers = drops.length;
	return {
		layers,
		drops,
		pairs: squareOf(layers, measured),
		recall: recall ? { drops: recall.drop, pairs: squareOf(layers, recall.pairs) } : null,
		spans: new Map(spans.map((span) => [spanKey(span.source, span.last), span]))
	};
}

/** Pairs in the row of their source and the column of their follower, [L, L]. */
function squareOf<Pair extends { source: number; follower: number }>(
	layers: number,
	measured: readonly Pair[]
): (Pair | null)[] {
	const pairs = Array.from({ length: layers * layers }, (): Pair | null => null);
	for (const pair of measured) pairs[pair.source * layers + pair.follower] = pair;
	return pairs;
}

/** Loss that a span adds, with interval; null where it was not measured. */
export function spanLoss(
	tables: DamageTables | null,
	source: number,
	last: number
): LossAdded | null {
	const found = tables?.spans.get(spanKey(source, last));
	return found === undefined || found.loss === null ? null : found;
}

export function measuredParts({ drops, spans }: DamageTables, sources: Sources): MeasuredParts {
	const planned = spansOf(sources).map(({ source, followers }) =>
		spanKey(source, followers.at(-1) ?? source)
	);
	const missing = planned.filter((key) => (spans.get(key)?.loss ?? null) === null);
	const total = (losses: readonly (number | null | undefined)[]) =>
		losses.reduce<number>((sum, loss) => sum + (loss ?? 0), 0);
	const drop = total(sources.map((source, layer) => (source === null ? drops[layer].loss : null)));
	const followers = total(
		sources.map((source, layer) => (source === null || source === layer ? null : drops[layer].loss))
	);
	return {
		sum: missing.length > 0 ? null : drop + total(planned.map((key) => spans.get(key)?.loss)),
		missing,
		dropped: drop + followers
	};
}
