import type { CaptureForecast } from '../../engine/engine.ts';
import { engineFor } from '../../engine/engineFor.ts';
import { attentionLayout } from '../../engine/layout.ts';
import { memoryLimit } from '../../engine/memory.ts';
import type { PlansForecast } from '../../engine/plans.ts';
import type { TorchSettings } from '../../engine/torchSettings.ts';
import type { Prepared } from '../../engine/windowPlan.ts';
import { requireOwnAttention } from '../../model/checkpoint/shared.ts';
import { requireCheckpoint, type CheckpointModel, type Model } from '../../model/open.ts';
import type { StatisticsRequest } from '../../engine/statistics.ts';
import { followersAllowed } from '../../plan/limits.ts';
import type { PlanSample } from './planRunner.ts';
import { searchTasks, type SearchTasks } from './tasks.ts';
import { partProbes, samplesOf } from './probes.ts';
import type { SpanLimits } from '../../plan/types.ts';
import type { Window } from '../../model/tokens/types.ts';
import { checkContext } from '../../model/tokens/windows.ts';
import { checkSearch } from './check.ts';
import { cutParts } from './parts.ts';
import { REPAIR_STRENGTHS } from './constants.ts';
import { PARTS, PLANNERS, type Part, type SearchRequest } from './types.ts';
import { followersOf, searchWork, type SearchWork } from './work.ts';

/** Everything that is known before the model runs. */
export interface PreparedSearch extends Omit<Prepared, 'work'> {
	model: CheckpointModel;
	torch: TorchSettings | null;
	/** `windows` holds those of all parts. */
	parts: Record<Part, Window[]>;
	text: PlanSample;
	/** Probes of in-context recall of each part; null: it is not measured. */
	recall: PlanSample | null;
	/** The user's questions; null: there are none. */
	tasks: SearchTasks | null;
	plans: PlansForecast;
	similarity: CaptureForecast;
	limits: SpanLimits;
	/** Every span within the limits. */
	spans: { source: number; last: number }[];
	work: SearchWork;
}

/** Of every planner the refitted weights and the file that holds them, and those of all strengths while one is chosen. */
const REFITS_HELD = 2 * (PLANNERS.length + REPAIR_STRENGTHS.length);

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
	const limits: SpanLimits = { maxSpan, protectedLayers, slidingWindows: config.slidingWindows };
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
	const layout = attentionLayout(config, context);
	const spans = followersAllowed(limits, config.layers).flatMap((most, source) =>
		Array.from({ length: most }, (_, index) => ({ source, last: source + 1 + index }))
	);
	const { torch = null } = request;
	const engine = engineFor(model, torch);
	const limitBytes = memoryLimit(request.memoryLimitBytes);
	const tasks = await searchTasks(request, tokenizer, config.maxPositions);
	const planned = samplesOf(parts, context, probes);
	const similarity = engine.capture(context, statistics, limitBytes);
	const plans = engine.plans({
		samples: [...planned, ...(tasks === null ? [] : [taskSample(tasks)])].map((sample) => ({
			...sample,
			windowCount: parts.search.length
		})),
		...(request.repair && {
			refits: {
				windowCount: parts.search.length,
				projections: REFITS_HELD * followersOf(request, config.layers)
			}
		}),
		freedBytes: similarity.memory.bytes,
		limitBytes
	});
	const samples = planned.map((sample, at) => ({ ...sample, work: plans.work[at] }));
	const recall = samples.at(1) ?? null;
	const asked = tasks && { tasks, work: plans.work[planned.length] };
	const work = searchWork(request, config, layout, { spans, parts, statistics, recall, asked });
	return {
		model,
		torch,
		checkpoint,
		tokenizer,
		context,
		notes: [...plans.notes, ...cut.notes, ...probes.notes],
		parts,
		text: samples[0],
		recall,
		tasks,
		plans,
		similarity,
		windows: PARTS.flatMap((part) => parts[part]),
		layout,
		statistics,
		memory: {
			...plans.memory,
			bytes: Math.max(plans.memory.bytes, similarity.memory.bytes)
		},
		limits,
		spans,
		work,
		totalWork: work.total
	};
}

/** Choices as sequences whose every token is scored, for memory and work. */
function taskSample({ context }: SearchTasks) {
	return { context, scored: context - 1 };
}
