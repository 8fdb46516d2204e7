import { outputWork, windowWork } from '../../engine/work.ts';
import type { ModelConfig } from '../../model/checkpoint/types.ts';
import type { AttentionLayout } from '../../engine/layout.ts';
import type { StatisticsRequest } from '../../engine/statistics.ts';
import type { Window } from '../../model/tokens/types.ts';
import type { PlansWork } from '../../engine/plans.ts';
import type { PlanSample } from './planRunner.ts';
import type { SearchTasks } from './tasks.ts';
import { FRONT_POINTS, RECALL_WEIGHTS, REPAIR_STRENGTHS } from './constants.ts';
import { PLANNERS, type Part, type SearchRequest } from './types.ts';

/** Floating-point operations of one window: a layer, the head, one pair's `output`, similarity; and of the search. */
export interface SearchWork {
	layer: number;
	head: number;
	output: number;
	statistics: number;
	/** About: how many plans are measured step by step is seen on the way. */
	total: number;
}

/** Layers that a plan runs, as a fraction of all: it runs from the first that it changes. */
const FRACTION_RUN = 0.75;
/** Fraction of the layers that follow, assumed for a goal that does not count followers; a guess. */
const ASSUMED_FOLLOWERS_FRACTION = 1 / 4;
/** Planners and fronts find the same plans now and then, and no plan is measured twice. */
const FRACTION_DISTINCT = 0.6;
/** Fractions of an exhaustive search's work that remain in a race: of drops and spans on text and on recall, steps, random plans. */
const RACED = { text: 0.6, recall: 0.5, steps: 0.15, random: 0.3 };
/** Of the layers of plans that are run together, those that no other has run: they begin alike. */
const FRACTION_OF_ITS_OWN = 0.6;
/** Of the plans that weigh recall those whose recall is measured on choose: the cheapest on text, until one keeps it. */
const FRACTION_WEIGHED = 0.5;
/** Plans that are asked the questions to choose by: the baseline, and the cheapest until one keeps accuracy. */
const ASKED_PLANS = 3;
/** Windows that a refit takes through the model, for each window of the search part. */
const PASSES_OF_A_REFIT = 1;

export function searchWork(
	request: SearchRequest,
	config: ModelConfig,
	layout: AttentionLayout,
	{
		spans,
		parts,
		statistics,
		recall,
		asked
	}: {
		spans: readonly { source: number; last: number }[];
		parts: Record<Part, Window[]>;
		statistics: StatisticsRequest;
		recall: PlanSample | null;
		/** The user's questions, and the work of a sequence as long as the longest; null: none. */
		asked: { tasks: SearchTasks; work: PlansWork } | null;
	}
): SearchWork {
	const { layers } = config;
	const window = windowWork(config, layout, statistics);
	const output = outputWork(config, layout);
	const from = (layer: number) => (layers - layer) * window.layer + window.head;
	const whole = FRACTION_OF_ITS_OWN * FRACTION_RUN * layers * window.layer + window.head;
	const isRaced = !request.exhaustive && request.goal.kind !== 'loss';
	const { steps, random } = request.exhaustive ? { steps: 1, random: 1 } : RACED;
	const sum = (works: readonly number[]) => works.reduce((total, work) => total + work, 0);

	const measuredSpans = Math.min(spans.length, request.shortlist ?? Infinity);
	const cases =
		sum(Array.from({ length: layers }, (_, layer) => from(layer))) +
		(measuredSpans / Math.max(1, spans.length)) * sum(spans.map(({ source }) => from(source)));
	const damageOn = (of: 'text' | 'recall') =>
		// The baseline, and the cases.
		layers * window.layer + (isRaced ? RACED[of] : 1) * cases;
	const similarity = layers * window.layer + window.head + window.statistics;
	const outputs = 2 * layers * window.layer + (layers + spans.length) * output;
	const followers = followersOf(request, layers);
	// Followers only, then both; the first step of either is measured already.
	const changes = steps * ((followers - 1) * layers + Math.max(0, followers / 2 - 1) * 2 * layers);
	const made = FRACTION_DISTINCT * PLANNERS.length;
	const repaired = request.repair ? made : 0;
	const weighed = recall === null ? 0 : FRACTION_DISTINCT * 3 * RECALL_WEIGHTS.length;
	const front = FRACTION_DISTINCT * 3 * Math.min(FRONT_POINTS, 1.5 * layers);

	const search =
		similarity +
		outputs +
		damageOn('text') +
		(changes + made) * (window.head + (layers / 2) * window.layer) +
		repaired * (PASSES_OF_A_REFIT + 1) * whole;
	const choose = (1 + made + weighed + repaired * REPAIR_STRENGTHS.length) * whole;
	const report = (1 + made + repaired + front + random * request.randomPlans) * whole;
	const ofRecall =
		recall === null
			? 0
			: recallWork(recall, layers, damageOn('recall') / (window.layer * layers), {
					choose: 1 + made + repaired + FRACTION_WEIGHED * weighed,
					report: 1 + made + repaired + front
				});
	return {
		layer: window.layer,
		head: window.head,
		statistics: window.statistics,
		output,
		total:
			parts.search.length * search +
			parts.choose.length * choose +
			parts.report.length * report +
			ofRecall +
			(asked === null ? 0 : taskWork(asked, layers, 1 + made + repaired + front))
	};
}

/** The same on probes: damage by itself on search, and so many plans on choose and on report. */
function recallWork(
	{ parts, work }: PlanSample,
	layers: number,
	damagePasses: number,
	plans: Record<'choose' | 'report', number>
): number {
	const pass = layers * work.layer + work.head;
	return (
		parts.search.length * damagePasses * pass +
		FRACTION_OF_ITS_OWN *
			FRACTION_RUN *
			pass *
			(parts.choose.length * plans.choose + parts.report.length * plans.report)
	);
}

/**
 * Some plans on choose, and the baseline, all named plans and the front on report, of half of the questions each; the longest
 * sequences stand for all, by their tokens.
 */
function taskWork(
	{ tasks, work }: { tasks: SearchTasks; work: PlansWork },
	layers: number,
	reported: number
): number {
	const pass = layers * work.layer + work.head;
	const plans = ASKED_PLANS + FRACTION_OF_ITS_OWN * FRACTION_RUN * reported;
	return (plans / 2) * (tasks.tokens / tasks.context) * pass;
}

/** Followers that a plan has, about. */
export function followersOf({ goal }: Pick<SearchRequest, 'goal'>, layers: number): number {
	return goal.kind === 'followers' ? goal.followers : layers * ASSUMED_FOLLOWERS_FRACTION;
}
