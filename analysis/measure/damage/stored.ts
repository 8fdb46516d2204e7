import * as v from 'valibot';
import { formatSigned } from '../../text/number.ts';
import type { MeasuredCase, MeasuredChanges } from '../kind.ts';
import { list, report } from '../settings.ts';
import type { Damage, LayerDamage, LossAdded, PairDamage } from './types.ts';

/** The form of a stored damage map. */
export const damageForm = report({
	report: report({ baseline: report({ loss: v.number() }), drop: list, pairs: list, spans: list }),
	drops: list
});

/** "cheapest: drop layer 7, +0.012; let 8 follow 7, +0.020 nats/token" */
export function damageSummary(damage: Damage): string {
	const { drop, pair } = damageBrief(damage);
	const words = [`cheapest: drop layer ${drop?.layer ?? 0}, ${formatSigned(drop?.loss ?? NaN)}`];
	if (pair !== null)
		words.push(`let ${pair.follower} follow ${pair.source}, ${formatSigned(pair.loss)}`);
	return `${words.join('; ')} nats/token`;
}

/** Figures of a damage map for lists: the cheapest drop and the cheapest pair, nats/token; null: there is none. */
export interface DamageBrief {
	drop: LayerDamage | null;
	pair: PairDamage | null;
}

export function damageBrief({ drops, report }: Damage): DamageBrief {
	return { drop: cheapest(drops), pair: cheapest(report.pairs) };
}

/** Its dropped layers and spans, as far as they were measured. */
export function damageChanges({ drops, report }: Damage): MeasuredChanges {
	const dropped = drops.flatMap(({ layer, loss, low, high }): MeasuredCase[] =>
		loss === null ? [] : [{ change: `dropped: ${layer}`, pairs: [], loss, low, high }]
	);
	const spans = report.spans.flatMap(({ source, last, loss, low, high }): MeasuredCase[] => {
		if (loss === null) return [];
		const pairs = Array.from({ length: last - source }, (_, i) => ({
			source,
			follower: source + 1 + i
		}));
		return [{ change: `${source}–${last}`, pairs, loss, low, high }];
	});
	return { cases: [...dropped, ...spans] };
}

function cheapest<Case extends LossAdded>(cases: readonly Case[]): Case | null {
	return cases.reduce<Case | null>(
		(best, each) => (each.loss !== null && each.loss < (best?.loss ?? Infinity) ? each : best),
		null
	);
}
