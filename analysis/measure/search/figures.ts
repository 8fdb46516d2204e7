import { modelFacts } from '../../model/checkpoint/facts.ts';
import type { ModelFigures } from '../figures.ts';
import { savedFractions } from '../../plan/axes.ts';
import { makePlan } from '../../plan/planFile.ts';
import { DTYPE_BYTES, savings, type SavingsSetting } from '../../plan/savings.ts';
import { planSpans } from '../../plan/spans.ts';
import type { Plan } from '../../plan/types.ts';
import type { ResampledOver } from '../../statistics/resample.ts';
import { VERSION } from '../../version.ts';
import { kindOf, nameOf, type Candidate } from './candidate.ts';
import { sumOfParts, type SearchDamage } from './damage.ts';
import type { PreparedSearch } from './prepare.ts';
import type { Part, PartLoss, PlanFigures, Search } from './types.ts';

/** Subject of a search: its model, texts and context. */
export type About = Pick<Search, 'model' | 'texts' | 'context'>;

/** Figures of the baseline on the report part, beside which a plan's loss stands. */
export interface Reported extends About {
	baseline: ModelFigures;
	windows: number;
	over: ResampledOver | null;
}

/** Returns the setting for which savings are counted: one sequence as long as the windows, in the engine's float32. */
export function savingsSetting({ context }: Pick<PreparedSearch, 'context'>): SavingsSetting {
	return { context, batch: 1, elementBytes: DTYPE_BYTES.f32 };
}

/** All that is said of a plan, with its plan file. */
export function planFigures(
	prepared: PreparedSearch,
	candidate: Candidate,
	damage: SearchDamage,
	losses: Record<Part, PartLoss>,
	more: Pick<PlanFigures, 'recall' | 'accuracy' | 'difference' | 'madeFrom'>,
	reported: Reported
): PlanFigures {
	const { maker, sources, headMaps, repair } = candidate;
	// Spans were measured with heads in their places.
	const sum = headMaps === undefined ? sumOfParts(sources, damage) : null;
	return {
		name: nameOf(maker, repair !== null),
		maker,
		repaired: repair !== null,
		kind: kindOf(sources),
		sources,
		savings: savedFractions(modelFacts(prepared.checkpoint), sources, savingsSetting(prepared)),
		sumOfParts: sum,
		additivityError: sum === null || repair !== null ? null : losses.search.loss - sum,
		...losses,
		...more,
		plan: planFile(prepared, candidate, losses.report, reported)
	};
}

function planFile(
	prepared: PreparedSearch,
	{ sources, headMaps, repair }: Candidate,
	delta: PartLoss,
	{ model, texts, context, baseline, windows, over }: Reported
): Plan {
	const facts = modelFacts(prepared.checkpoint);
	const { architecture, layers, heads, kvHeads } = facts;
	const headMap =
		headMaps && ((_source: number, follower: number) => [...(headMaps[follower] ?? [])]);
	const plan = makePlan({
		model: { ...model, architecture, layers, heads, kvHeads },
		sources,
		spans: planSpans(sources, null, headMap),
		definition: null,
		predicted: savings(facts, sources, savingsSetting(prepared))
	});
	return {
		...plan,
		measured: {
			part: 'report' satisfies Part,
			baseline,
			delta: { ...delta, over },
			model,
			texts,
			context,
			windows,
			measuredAt: plan.createdAt,
			version: VERSION
		},
		repair: repair?.named ?? null
	};
}
