import type { ComparisonForecast } from '../../engine/engine.ts';
import { requirePlan } from '../../engine/checkPlan.ts';
import { engineFor } from '../../engine/engineFor.ts';
import { memoryLimit } from '../../engine/memory.ts';
import { repairsOf } from '../../engine/repair/ofPlan.ts';
import type { Comparison } from '../../engine/variants.ts';
import { isInputError } from '../../errors.ts';
import type { Model } from '../../model/open.ts';
import { documentFacts } from '../../model/tokens/documents.ts';
import type { Probe, Probes } from '../../model/tokens/probes.ts';
import type { Document, Window } from '../../model/tokens/types.ts';
import { cutWindows } from '../../model/tokens/windows.ts';
import type { Plan } from '../../plan/types.ts';
import { mean } from '../../statistics/figures.ts';
import { drawWindows } from '../../statistics/resample.ts';
import { checkWindows } from '../comparedFinite.ts';
import { drawProbes, probesFor, recallOf, recallReport } from '../recall.ts';
import type { PlanCost } from './benchTypes.ts';
import { VARIANT_COUNT } from '../../graph/modelVariants.ts';

/** Windows of text and their tokens: enough to see what a plan breaks; `spanwise evaluate` measures more. */
const WINDOWS = 8;
const CONTEXT = 512;

/** Plan, texts and limits for the measurement of a plan's cost. */
export interface CostRequest {
	plan: Plan;
	/** Folder of the refitted weights that the plan may name. */
	planFolder: string;
	documents: Document[];
	recall: boolean;
	memoryLimitBytes: number | null;
}

/** All that is known before the model runs; `measured` is null where the cost cannot be measured, and notes say why. */
export interface PreparedCost {
	measured: {
		forecast: ComparisonForecast;
		documents: readonly Document[];
		windows: Window[];
		context: number;
		probes: Probes | null;
		path: string;
	} | null;
	/** Tokens that go through the model. */
	tokens: number;
	/** Operations, as `operationsPerSecond` counts them. */
	work: number;
	memoryBytes: number;
	notes: string[];
}

/**
 * Lays out a small evaluation of what a plan costs: loss on text, and recall. Where it cannot be made (no tokenizer, a
 * plan that the engine does not run, too little text or memory), a note says so: what the plan gains is measured all the same.
 */
export async function prepareCost(model: Model, request: CostRequest): Promise<PreparedCost> {
	if (request.documents.length === 0) return nothing([]);
	try {
		return await preparedCost(model, request);
	} catch (error) {
		if (!isInputError(error)) throw error;
		return nothing([costRefused(error)]);
	}
}

/** Says why the cost of a plan was not measured. */
export function costRefused({ message }: Error): string {
	return `what the plan costs was not measured: ${message}`;
}

function nothing(notes: string[]): PreparedCost {
	return { measured: null, tokens: 0, work: 0, memoryBytes: 0, notes };
}

async function preparedCost(model: Model, request: CostRequest): Promise<PreparedCost> {
	const { plan, planFolder, documents, memoryLimitBytes } = request;
	const { maxPositions } = model.facts;
	const engine = engineFor(model);
	const { fixedContext } = engine;
	const repairs = await repairsOf(model, plan, planFolder);
	const planned = { ...requirePlan(model, plan, 'run'), ...(repairs !== null && { repairs }) };
	const tokenizer = await model.tokenizer();
	const wanted = { context: fixedContext ?? Math.min(CONTEXT, maxPositions), windows: WINDOWS };
	const { windows, context, notes } = await cutWindows(documents, tokenizer, wanted);
	const { probes, notes: probeNotes } = await probesFor(request, tokenizer, {
		maxPositions,
		fixedContext
	});
	const probeCount = probes?.probes.length ?? 0;
	const probeContext = probes?.context ?? 0;
	const forecast = engine.compare(planned, {
		context,
		longest: Math.max(context, probeContext),
		windowCount: Math.max(windows.length, probeCount),
		limitBytes: memoryLimit(memoryLimitBytes)
	});
	const { oneVariant, comparison } = forecast.work;
	const sequences = windows.length + (probeCount * probeContext) / context;
	return {
		measured: { forecast, documents, windows, context, probes, path: model.path },
		tokens: VARIANT_COUNT * (windows.length * context + probeCount * probeContext),
		work: sequences * (VARIANT_COUNT * oneVariant + comparison),
		memoryBytes: forecast.memory.bytes,
		notes: [...forecast.notes, ...notes, ...probeNotes]
	};
}

/**
 * Runs windows and probes without and with the plan, and pairs them; `onDone` is called with the fraction that is done and the
 * tokens that went through since. null: the cost cannot be measured. Throws InputError where a loss is not finite.
 */
export async function measureCost(
	{ measured, tokens }: PreparedCost,
	home: string,
	onDone: (fraction: number, tokens: number) => void
): Promise<PlanCost | null> {
	if (measured === null) return null;
	const { forecast, documents, windows, context, probes, path } = measured;
	let done = 0;
	const onGroup = (group: number) => {
		done += group;
		onDone(done / tokens, group);
	};
	const comparison = await forecast.open(home);
	try {
		const text = await lossesOf(comparison, windows, {
			lossOf: mean,
			name: 'window',
			path,
			onGroup: (count) => onGroup(VARIANT_COUNT * count * context)
		});
		const recall =
			probes &&
			(await lossesOf(comparison, probes.probes, {
				lossOf: (losses) => recallOf(losses, probes.scored),
				name: 'recall probe',
				path,
				onGroup: (count) => onGroup(VARIANT_COUNT * count * probes.context)
			}));
		const draws = drawWindows(windows.map(({ document }) => document));
		return {
			text: { ...recallReport(text.baseline, text.planned, draws), over: draws?.over ?? null },
			...(recall && {
				recall: recallReport(recall.baseline, recall.planned, drawProbes(probes.probes))
			}),
			texts: documents.map(documentFacts),
			context
		};
	} finally {
		await comparison.close();
	}
}

/** A loss of each sequence, without and with the plan. */
async function lossesOf(
	comparison: Comparison,
	sequences: readonly (Window | Probe)[],
	of: {
		lossOf: (losses: ArrayLike<number>) => number;
		name: string;
		path: string;
		onGroup: (sequences: number) => void;
	}
): Promise<{ baseline: number[]; planned: number[] }> {
	const { lossOf, name, path, onGroup } = of;
	const [baseline, planned]: number[][] = [[], []];
	for await (const group of comparison.windows(sequences)) {
		const first = baseline.length;
		checkWindows(group, path, (index) => `${name} ${first + index}`);
		for (const { comparison: said } of group) {
			baseline.push(lossOf(said.baseline));
			planned.push(lossOf(said.shared));
		}
		onGroup(group.length);
	}
	return { baseline, planned };
}
