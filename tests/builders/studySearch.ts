import type { Losses } from './losses.ts';
import { CONTEXT, WINDOWS, type StudiedModel } from './studyRun.ts';
import { countsOf, kindOf } from '../../analysis/measure/search/candidate.ts';
import { shortlistOf } from '../../analysis/measure/search/damage.ts';
import { verdictOf } from '../../analysis/measure/search/verdict.ts';
import type { PlanFigures, Planner, SearchReport } from '../../analysis/measure/search/types.ts';
import { savedFractions, savedPerLayer } from '../../analysis/plan/axes.ts';
import { leastCost, paretoFront } from '../../analysis/plan/front.ts';
import { makePlan } from '../../analysis/plan/planFile.ts';
import { randomPlans } from '../../analysis/plan/random.ts';
import { trailingPlan } from '../../analysis/plan/rivals.ts';
import { planByFollowers } from '../../analysis/plan/search.ts';
import { planSpans } from '../../analysis/plan/spans.ts';
import type { Plan, Sources } from '../../analysis/plan/types.ts';

export const FOLLOWERS = 4;
export const SETTING = { context: 1024, batch: 1, elementBytes: 4 };
/** Layers of the longest span that `layeredDamage` measures. */
const MAX_SPAN = 3;

export const figures = (loss: number) => ({
	loss,
	perplexity: Math.exp(loss),
	bitsPerByte: loss / 2,
	tokens: WINDOWS * (CONTEXT - 1)
});

/** Searches as the program does, among what is made up: exact fronts over the cases, and rivals. */
export function searchOf(model: StudiedModel, matrix: Float64Array, losses: Losses): SearchReport {
	const { layers, reach } = model;
	const each = Array.from({ length: layers }, (_, layer) => layer);
	const limits = { maxSpan: MAX_SPAN, protectedLayers: [], slidingWindows: reach };
	const saved = savedPerLayer(model, SETTING, 'kvCache');
	const target = { axis: 'kvCache' as const, share: FOLLOWERS * saved.share[1] };
	const costs = { drop: each.map(losses.drop), span: losses.span };
	const fronts = (['share', 'drop'] as const).map((kind) => ({
		kind,
		plans: paretoFront(costs, saved, limits, { share: kind === 'share', drop: kind === 'drop' })
	}));
	const [share, drop] = fronts.map(({ plans }) => leastCost(plans, target.share)?.sources ?? each);
	const chosen = losses.added(share) < losses.added(drop) ? share : drop;
	const made = (planner: Planner, sources: Sources | null) =>
		sources === null ? [] : [figuresOf(model, losses, planner, sources, chosen)];
	const plans = [
		...made('share', share),
		...made('drop', drop),
		...made('similarity', planByFollowers(matrix, layers, FOLLOWERS, limits)),
		...made('trailing', trailingPlan(FOLLOWERS, limits, layers))
	];
	const random = randomPlans(8, countsOf(chosen), limits, layers, 0).map((sources) => ({
		sources,
		report: losses.added(sources)
	}));
	const beaten =
		random.filter(({ report }) => report > losses.added(chosen)).length / random.length;
	const found = {
		goal: { kind: 'followers' as const, followers: FOLLOWERS },
		target,
		plans,
		random: { plans: random, beaten }
	};
	const parts = <T>(value: T) => ({ search: value, choose: value, report: value });
	return {
		verdict: verdictOf(found, plans.find(({ sources }) => sources === chosen) ?? null),
		...found,
		front: fronts.flatMap(({ kind, plans }) =>
			plans.map(({ sources, cost }) => ({
				kind,
				sources,
				savings: savedFractions(model, sources, SETTING),
				sumOfParts: cost,
				report: losses.around(losses.added(sources))
			}))
		),
		shortlist: shortlistOf({
			drop: costs.drop,
			recallDrop: null,
			spans: each.slice(1).map((last) => ({
				source: last - 1,
				last,
				cheap: losses.drop(last) / (2 + (last % 3)),
				measured: losses.span(last - 1, last)
			}))
		}),
		importance: each.map((layer) => 0.02 + 0.3 / (1 + layer)),
		baseline: parts(figures(losses.baseline)),
		interval: parts('blocks' as const),
		parts: parts({ windows: WINDOWS, documents: [0] }),
		notes: []
	};
}

function figuresOf(
	model: StudiedModel,
	{ sum, added, around }: Losses,
	planner: Planner,
	sources: Sources,
	chosen: Sources
): PlanFigures {
	const loss = around(added(sources));
	return {
		name: planner,
		maker: planner,
		repaired: false,
		kind: kindOf(sources),
		sources,
		savings: savedFractions(model, sources, SETTING),
		sumOfParts: sum(sources),
		additivityError: loss.loss - sum(sources),
		...{ search: loss, choose: loss, report: loss },
		...(sources !== chosen && { difference: around(loss.loss - added(chosen)) }),
		plan: planOf(model, sources)
	};
}

function planOf(model: StudiedModel, sources: Sources): Plan {
	const { name, architecture, layers, heads, kvHeads, hash } = model;
	return makePlan(
		{
			model: { name, architecture, layers, heads, kvHeads, hash },
			sources,
			spans: planSpans(sources, null),
			definition: null,
			predicted: null
		},
		new Date('2026-11-23T06:15:03.000Z')
	);
}
