import { analysisHoldings, memoryLimit, planMemory, type Holdings } from '../../engine/memory.ts';
import type { Prepared } from '../../engine/windowPlan.ts';
import { requireOwnAttention } from '../../model/checkpoint/shared.ts';
import { requireCheckpoint, type CheckpointModel, type Model } from '../../model/open.ts';
import type { ModelConfig } from '../../model/checkpoint/types.ts';
import { attentionLayout, windowEntries, type AttentionLayout } from '../../engine/layout.ts';
import type { StatisticsRequest } from '../../engine/statistics.ts';
import { followersAllowed } from '../../plan/limits.ts';
import type { PlanSample } from './planRunner.ts';
import { partProbes, recallSample } from './probes.ts';
import type { SpanLimits } from '../../plan/types.ts';
import type { Window } from '../../model/tokens/types.ts';
import { checkContext } from '../../model/tokens/windows.ts';
import { checkSearch } from './check.ts';
import { cutParts } from './parts.ts';
import { REPAIR_STRENGTHS } from './constants.ts';
import { PARTS, PLAN_MAKERS, type Part, type SearchRequest } from './types.ts';
import { followersOf, searchWork, type SearchWork } from './work.ts';

/** Everything that is known before the model runs. */
export interface PreparedSearch extends Omit<Prepared, 'work'> {
	model: CheckpointModel;
	/** `windows` holds those of all parts. */
	parts: Record<Part, Window[]>;
	/** Probes of in-context recall of each part; null: it is not measured. */
	recall: PlanSample | null;
	limits: SpanLimits;
	/** Every span within the limits. */
	spans: { source: number; last: number }[];
	work: SearchWork;
}

const FLOAT = 4;
/** Arrays as large as a hidden state that a plan holds: its state, the one it branched from, and those being made. */
const STATES_A_PLAN = 6;
/** Of every maker the refitted weights and the file that holds them, and those of all strengths while one is chosen. */
const REFITS_HELD = 2 * (PLAN_MAKERS.length + REPAIR_STRENGTHS.length);

/**
 * Cuts the three parts and lays the search out in memory, without running anything. Throws
 * InputError for whatever is wrong with model, texts, goal or limits, and where the memory limit is too low.
 */
export async function prepareSearch(model: Model, request: SearchRequest): Promise<PreparedSearch> {
	requireCheckpoint(model);
	const { checkpoint } = model;
	requireOwnAttention(checkpoint, 'search');
	const { config } = checkpoint;
	checkContext(request.context, config);
	const { maxSpan, protectedLayers } = request;
	const limits: SpanLimits = { maxSpan, protectedLayers, reach: config.reach };
	checkSearch(request, limits);
	const tokenizer = await model.tokenizer();
	const { context } = request;
	const cut = await cutParts(request.documents, tokenizer, request);
	const parts = cut.windows;
	const probes = await partProbes(request, cut, tokenizer, config.maxPositions);
	const statistics: StatisticsRequest = {
		views: ['all'],
		gram: true,
		sqrt: false,
		jsQueries: null,
		windowCount: parts.search.length
	};
	const memory = planMemory(
		checkpoint,
		Math.max(context, probes.context ?? 0),
		holdings(config, statistics, request, probes.parts !== null),
		memoryLimit(request.memoryLimitBytes)
	);
	const layout = attentionLayout(config, context);
	const spans = followersAllowed(limits, config.layers).flatMap((most, source) =>
		Array.from({ length: most }, (_, index) => ({ source, last: source + 1 + index }))
	);
	const recall =
		probes.parts && recallSample(config, probes, memory.windowsPerGroup, layout.blocks.length);
	const work = searchWork(request, config, layout, { spans, parts, statistics, recall });
	return {
		model,
		checkpoint,
		tokenizer,
		context,
		notes: [...checkpoint.notes, ...cut.notes, ...probes.notes],
		parts,
		recall,
		windows: PARTS.flatMap((part) => parts[part]),
		layout,
		statistics,
		memory,
		limits,
		spans,
		work,
		totalWork: work.total
	};
}

/**
 * What similarity holds at once, or what plans do: states before layers, attention outputs, one source's
 * probabilities, of windows and of probes; and, with repair, each search window's state and source, and the refitted weights of all plans.
 */
function holdings(
	config: ModelConfig,
	statistics: StatisticsRequest,
	request: SearchRequest,
	recall: boolean
): Holdings {
	const analysis = analysisHoldings(config, statistics);
	const states = 2 * config.layers + STATES_A_PLAN;
	const bytes = (layout: AttentionLayout, ofStates: number) =>
		FLOAT * (windowEntries(layout, 1) + ofStates * layout.context * config.hidden);
	const { hidden, heads, headDim, layers } = config;
	const refits = REFITS_HELD * followersOf(request, layers) * hidden * heads * headDim;
	const repairBytes = (layout: AttentionLayout) =>
		statistics.windowCount * bytes(layout, STATES_A_PLAN) + FLOAT * refits;
	return {
		windowCount: statistics.windowCount,
		windowBytes: (layout) =>
			Math.max(analysis.windowBytes(layout), (recall ? 2 : 1) * bytes(layout, states)),
		fixedBytes: (layout) => analysis.fixedBytes(layout) + (request.repair ? repairBytes(layout) : 0)
	};
}
