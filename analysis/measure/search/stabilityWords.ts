import { formatShortPercent } from '../../text/number.ts';
import type { PlanFigures, SearchReport } from './types.ts';

type Described = Pick<SearchReport, 'stability'> & {
	verdict: Pick<SearchReport['verdict'], 'plan'>;
	plans: readonly Pick<PlanFigures, 'name' | 'sources'>[];
};

/**
 * Describes the stability of the chosen plan, layer by layer: "Stability: 34% of 100 resamples of the search part give
 * exactly this plan; layer 5 is changed in 100% of them, 26 in 64%." null: it was not measured, or there is no plan.
 */
export function stabilityWords({ stability, verdict, plans }: Described): string | null {
	const chosen = plans.find(({ name }) => name === verdict.plan);
	if (stability === undefined || chosen === undefined) return null;
	const changed = chosen.sources.flatMap((source, layer) => (source === layer ? [] : [layer]));
	const layers = changed.map(
		(layer, at) =>
			`${layer} ${at === 0 ? 'is changed in' : 'in'} ${formatShortPercent(stability.layers[layer])}${at === 0 ? ' of them' : ''}`
	);
	const each = layers.length === 0 ? '' : `; layer ${layers.join(', ')}`;
	return `Stability: ${formatShortPercent(stability.same)} of ${stability.resamples} resamples of the search part give exactly this plan${each}.`;
}
