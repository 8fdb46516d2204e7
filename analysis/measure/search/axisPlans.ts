import { savedFractions, savedPerLayer, type SavingAxis } from '../../plan/axes.ts';
import { leastCost } from '../../plan/front.ts';
import type { SavingsFacts, SavingsSetting } from '../../plan/savings.ts';
import type { Sources, SpanLimits } from '../../plan/types.ts';
import { kindOf } from './candidate.ts';
import type { SearchDamage } from './damage.ts';
import type { AxisComparison, PartLoss, PlanKind } from './types.ts';
import { FRONT_KINDS, weighedFront } from './weighed.ts';

/** The axes on which kinds of plans are compared; the K cache alone is no resource of its own. */
const COMPARED: readonly SavingAxis[] = ['kvCache', 'parameters', 'prefillFlops', 'decodeBytes'];

/** Plans that save as much as another one on an axis. */
export interface AxisPlans {
	axis: SavingAxis;
	fraction: number;
	plans: { sources: Sources }[];
}

/**
 * On each axis the exact plans of each kind that save at least what `sources` saves there, without those that come
 * again. Nothing is measured.
 */
export function axisPlans(
	sources: Sources,
	of: {
		facts: SavingsFacts;
		setting: SavingsSetting;
		damage: SearchDamage;
		limits: SpanLimits;
		weight: number;
	}
): AxisPlans[] {
	const { facts, setting, damage, limits, weight } = of;
	const savings = savedFractions(facts, sources, setting);
	return COMPARED.map((axis) => {
		const fraction = savings[axis];
		const perLayer = savedPerLayer(facts, setting, axis);
		const plans = new Map<string, { sources: Sources }>();
		for (const kind of FRONT_KINDS) {
			const found = leastCost(weighedFront(kind, weight, { damage, perLayer, limits }), fraction);
			if (found !== null) plans.set(JSON.stringify(found.sources), { sources: found.sources });
		}
		return { axis, fraction, plans: [...plans.values()] };
	});
}

/**
 * Reports the measured plans of each axis, and the kind that adds least loss among those that keep recall (among all
 * where none does). Of several plans that kind is named only where the paired interval of the best two leaves out 0.
 */
export function axisWinners(
	axes: readonly AxisPlans[],
	measured: {
		/** Loss increase of each plan on each window, all axes' plans in order. */
		byWindow: readonly (readonly number[])[];
		/** The same plans' recall increase; null: it was not measured. */
		recall: readonly PartLoss[] | null;
		limit: number;
		interval: (deltas: readonly number[]) => PartLoss;
	}
): AxisComparison[] {
	const { byWindow, recall, limit, interval } = measured;
	let next = 0;
	return axes.map(({ axis, fraction, plans }) => {
		const all = plans.map(({ sources }) => {
			const at = next++;
			const deltas = byWindow[at];
			return {
				deltas,
				figures: {
					kind: kindOf(sources),
					sources,
					report: interval(deltas),
					...(recall && { recall: recall[at] })
				}
			};
		});
		const keeping = all.filter(({ figures }) => (figures.recall?.loss ?? 0) <= limit);
		const ranked = (keeping.length > 0 ? keeping : all).toSorted(
			(a, b) => a.figures.report.loss - b.figures.report.loss
		);
		return {
			axis,
			share: fraction,
			plans: all.map(({ figures }) => figures),
			winner: winnerOf(ranked, interval)
		};
	});
}

function winnerOf(
	ranked: readonly { deltas: readonly number[]; figures: { kind: PlanKind } }[],
	interval: (deltas: readonly number[]) => PartLoss
): PlanKind | null {
	const [best, second] = [ranked.at(0), ranked.at(1)];
	if (best === undefined) return null;
	if (second === undefined) return best.figures.kind;
	const { low } = interval(second.deltas.map((delta, window) => delta - best.deltas[window]));
	return low !== null && low > 0 ? best.figures.kind : null;
}
