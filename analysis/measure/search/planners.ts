import { formatShortPercent } from '../../text/number.ts';
import { AXIS_NAMES } from '../../plan/axes.ts';
import { leastCost, type FrontPlan } from '../../plan/front.ts';
import { defaultLimits } from '../../plan/limits.ts';
import { leastSimilarPlan, trailingPlan, uniformPlan } from '../../plan/rivals.ts';
import { mostFollowers, planByFollowers } from '../../plan/search.ts';
import type { Sources, SpanLimits } from '../../plan/types.ts';
import type { MadePlan } from './candidate.ts';
import { greedyPlan, type Known, type Measure } from './greedy.ts';
import type { SearchSimilarity } from './similarity.ts';
import { leastTurnedPlan, leastTurnedSteps } from './leastTurned.ts';
import type { Planner, SearchReport } from './types.ts';
import { FRONT_KINDS, type FrontKind, type WeighedPlan } from './weighed.ts';

/** Inputs of the planners. */
export interface PlannerInputs {
	layers: number;
	limits: SpanLimits;
	target: SearchReport['target'];
	/** Returns the saving of a plan on the target's axis. */
	saved: (sources: Sources) => number;
	fronts: Record<FrontKind, readonly FrontPlan[]>;
	/** Of a kind, the exact plan at the target that keeps recall; null: recall was not measured. */
	keeping: ((kind: FrontKind) => Promise<WeighedPlan | null>) | null;
	similarity: SearchSimilarity;
	/** [L]: how much each layer's attention turns the state. */
	turned: readonly number[];
	/** The same of the model with dropped layers. */
	turnedUnder: (sources: Sources) => Promise<readonly number[]>;
	/** Loss of whole plans on the search part. */
	measure: Measure;
	/** Loss that single changes are known to add; null: every step measures all. */
	known: Known | null;
}

/** Savings are sums of rounded numbers. */
const SLACK = 1e-9;

/**
 * The plan of every planner that saves at least the target, the least that reaches it; `note` is called for a planner
 * that has none.
 */
export async function makePlans(
	inputs: PlannerInputs,
	note: (text: string) => void
): Promise<MadePlan[]> {
	const {
		layers,
		limits,
		target,
		saved,
		fronts,
		keeping,
		similarity,
		turned,
		turnedUnder,
		measure,
		known
	} = inputs;
	const made: MadePlan[] = [];
	const goal = `${formatShortPercent(target.share)} of the ${AXIS_NAMES[target.axis]}`;
	const add = (planner: Planner, sources: Sources | null, most: number | null = null) => {
		if (sources !== null) made.push({ maker: planner, sources });
		else {
			const atMost = most === null ? '' : `; at most ${formatShortPercent(most)}`;
			note(`no ${planner} plan saves ${goal}${atMost}`);
		}
	};
	for (const planner of FRONT_KINDS) {
		const found = leastCost(fronts[planner], target.share);
		add(planner, found?.sources ?? null, fronts[planner].at(-1)?.saved ?? 0);
	}
	for (const kind of keeping === null ? [] : FRONT_KINDS) {
		const found = (await keeping?.(kind)) ?? null;
		if (found !== null) made.push({ maker: `${kind}-recall`, ...found });
	}
	const task = { layers, limits, saved, target: target.share };
	add('greedy-share', await greedyPlan({ ...task, dropping: false }, measure, known));
	add('greedy', await greedyPlan({ ...task, dropping: true }, measure, known));

	const shared = made.find(({ maker }) => maker === 'share');
	if (shared !== undefined) {
		const { headMatch } = similarity;
		made.push({
			maker: 'share-matched',
			sources: shared.sources,
			headMaps: shared.sources.map((source, layer) =>
				source === null || source === layer ? null : headMatch(source, layer)
			)
		});
	}
	const reaching = (planOf: (followers: number) => Sources | null) =>
		leastFollowers(planOf, layers, (sources) => saved(sources) >= target.share - SLACK);
	const { matrix } = similarity;
	const workbench = defaultLimits(limits.slidingWindows);
	const careful: SpanLimits = {
		...workbench,
		maxSpan: Math.min(workbench.maxSpan, limits.maxSpan),
		protectedLayers: [...new Set([...workbench.protectedLayers, ...limits.protectedLayers])]
	};
	const mostAlike = (within: SpanLimits) =>
		reaching((followers) =>
			followers > mostFollowers(within, layers)
				? null
				: planByFollowers(matrix, layers, followers, within)
		);
	add('similarity', mostAlike(careful) ?? mostAlike(limits));
	add(
		'least-similar',
		reaching((followers) => leastSimilarPlan(matrix, layers, followers, limits))
	);
	add(
		'uniform',
		reaching((followers) => uniformPlan(followers, limits, layers))
	);
	add(
		'trailing',
		reaching((followers) => trailingPlan(followers, limits, layers))
	);
	const isEnough = (sources: Sources) => saved(sources) >= target.share - SLACK;
	add('llm-drop', leastTurnedPlan(turned, limits, isEnough));
	add('llm-drop-steps', await leastTurnedSteps(turned, limits, isEnough, turnedUnder));
	return made;
}

/** The first of the plans with 1, 2, … followers that is enough; null: none that is possible is. */
function leastFollowers(
	planOf: (followers: number) => Sources | null,
	layers: number,
	isEnough: (sources: Sources) => boolean
): Sources | null {
	for (let followers = 1; followers < layers; followers++) {
		const plan = planOf(followers);
		if (plan !== null && isEnough(plan)) return plan;
	}
	return null;
}
