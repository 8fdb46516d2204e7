import { estimateOf } from '../../engine/estimate.ts';
import { memoryLimit, type MemoryPlan } from '../../engine/memory.ts';
import type { Estimate } from '../../engine/estimate.ts';
import { InputError, isInputError } from '../../errors.ts';
import type { Model } from '../../model/open.ts';
import type { Probes } from '../../model/tokens/probes.ts';
import type { Tokenizer, Window } from '../../model/tokens/types.ts';
import { checkContext, cutWindows } from '../../model/tokens/windows.ts';
import { probesFor } from '../recall.ts';
import { ownOf, rangeOf, type Shard } from '../shards/shard.ts';
import { delimiterOf, encodeChoices, filledLength, type ChoiceTokens } from '../choices/encode.ts';
import { requirePlan } from '../../engine/checkPlan.ts';
import type { ComparisonForecast, ComparisonWork, Engine } from '../../engine/engine.ts';
import type { PlannedLayers } from '../../engine/forward.ts';
import { engineFor } from '../../engine/engineFor.ts';
import type { TorchSettings } from '../../engine/torchSettings.ts';
import type { Question } from '../choices/types.ts';
import { makeProbes } from './probes/make.ts';
import type { ProbeSet } from './probes/types.ts';
import { probeWords } from './probes/words.ts';
import type { EvaluateRequest } from './types.ts';
import { VARIANT_COUNT } from '../../graph/modelVariants.ts';

/** Everything that is known before the model runs. */
export interface PreparedEvaluation extends Pick<ComparisonForecast, 'open' | 'path' | 'timed'> {
	model: Model;
	torch: TorchSettings | null;
	/** Tokens that the model takes at once where it takes no other number; null: any. */
	fixedContext: number | null;
	tokenizer: Tokenizer;
	windows: Window[];
	/** Tokens in each window, BOS included; shorter than asked for where no text is long enough. */
	context: number;
	notes: string[];
	/** Choices of the questions as tokens; none where there are no questions. */
	choices: ChoiceTokens[];
	/** Of in-context recall; null: it is not measured. */
	probes: Probes | null;
	/** Long in-context probes, by length, then task; none where none were asked for. */
	longProbes: ProbeSet[];
	/** Work of a long probe under both variants, by its tokens. */
	probeWorks: Map<number, number>;
	memory: MemoryPlan;
	work: ComparisonWork;
	totalWork: number;
}

/**
 * Checks that the plan is one for the model, cuts the windows and lays the run out in memory, without
 * running anything. Throws InputError for whatever is wrong with model, plan, texts or context, and where the
 * memory limit is too low.
 */
export async function prepareEvaluation(
	model: Model,
	request: EvaluateRequest
): Promise<PreparedEvaluation> {
	const { torch = null } = request;
	const engine = engineFor(model, torch);
	const { fixedContext } = engine;
	const { repairs } = request;
	const planned = {
		...requirePlan(model, request.plan, 'run'),
		...(repairs !== null && { repairs })
	};
	const { facts } = model;
	if (request.gates.maxAccuracyDrop !== undefined && request.questions === null) {
		throw new InputError('maxAccuracyDrop: no questions to judge it by; give them with --choices');
	}
	const lengths = request.probes ?? [];
	if (request.gates.maxProbeDrop !== undefined && lengths.length === 0) {
		throw new InputError('maxProbeDrop: no probes to judge it by; ask for them with --probes');
	}
	checkContext(request.context, facts);
	const tokenizer = await model.tokenizer(request.tokenizer);
	const { windows, context, notes } = await cutWindows(request.documents, tokenizer, request);
	if (fixedContext !== null && context !== fixedContext) {
		throw new InputError(
			`context: ${context} tokens; ${model.path} was exported for exactly ${fixedContext}`
		);
	}
	const choices = await encodeChoices(
		request.questions ?? [],
		tokenizer,
		fixedContext ?? facts.maxPositions
	);
	const { probes, notes: probeNotes } = await probesFor(request, tokenizer, {
		maxPositions: facts.maxPositions,
		fixedContext
	});
	const { sets: longProbes, notes: longNotes } =
		lengths.length === 0
			? { sets: [], notes: [] }
			: makeProbes(lengths, await probeWords(tokenizer, facts.vocab), {
					maxPositions: facts.maxPositions,
					fixedContext
				});
	const limitBytes = memoryLimit(request.memoryLimitBytes);
	const probeWorks = new Map(
		longProbes.map(({ tokens, sequences }) => [
			tokens,
			longProbeWork(engine, planned, { tokens, windowCount: sequences.length, limitBytes })
		])
	);
	const choiceLengths = choices.map((choice) => choiceLength(choice, { model, fixedContext }));
	const forecast = engine.compare(planned, {
		context,
		longest: Math.max(
			...choiceLengths,
			...longProbes.map(({ tokens }) => tokens),
			context,
			probes?.context ?? 0
		),
		// Choices go through in the same groups, and may be many where windows are few.
		windowCount: Math.max(
			windows.length,
			choices.length,
			probes?.probes.length ?? 0,
			...longProbes.map(({ sequences }) => sequences.length)
		),
		limitBytes
	});
	const prepared = {
		model,
		torch,
		fixedContext,
		tokenizer,
		windows,
		context,
		choices,
		probes,
		longProbes,
		probeWorks,
		...forecast,
		notes: [
			...forecast.notes,
			...notes,
			...probeNotes,
			...longNotes,
			...spaceNotes(request.questions ?? [])
		]
	};
	return { ...prepared, totalWork: workOf(prepared) };
}

function workOf(prepared: Omit<PreparedEvaluation, 'totalWork'>): number {
	const { windows, choices, probes, longProbes, probeWorks, work } = prepared;
	return (
		windows.length * windowWork(work) +
		choices.reduce((sum, choice) => sum + choiceWork(choice, prepared), 0) +
		(probes?.probes.length ?? 0) * probeWork(prepared) +
		longProbes.reduce(
			(sum, { tokens, sequences }) => sum + sequences.length * (probeWorks.get(tokens) ?? 0),
			0
		)
	);
}

/** The windows, probes and questions of one shard; its questions count from 0. */
export function shardOfEvaluation(
	prepared: PreparedEvaluation,
	shard: Shard,
	questions: number
): PreparedEvaluation {
	const { windows, choices, probes } = prepared;
	const { from, to } = rangeOf(questions, shard);
	const own = {
		...prepared,
		windows: ownOf(windows, shard),
		probes: probes && { ...probes, probes: ownOf(probes.probes, shard) },
		choices: choices
			.filter(({ question }) => question >= from && question < to)
			.map((choice) => ({ ...choice, question: choice.question - from })),
		// Few, of several lengths each: the first shard asks all of them.
		longProbes: shard.index === 0 ? prepared.longProbes : []
	};
	return { ...own, totalWork: workOf(own) };
}

/** Work of a long probe under both variants; little of it is questions. Throws InputError where a probe does not fit in memory. */
function longProbeWork(
	engine: Engine,
	planned: PlannedLayers,
	size: { tokens: number; windowCount: number; limitBytes: number }
): number {
	const { tokens, ...rest } = size;
	try {
		return (
			VARIANT_COUNT *
			engine.compare(planned, { context: tokens, longest: tokens, ...rest }).work.oneVariant
		);
	} catch (error) {
		if (!isInputError(error)) throw error;
		throw new InputError(`probes of ${tokens} tokens: ${error.message}, or give shorter --probes`, {
			cause: error
		});
	}
}

/** Says where a space was put between prompts and choices. */
function spaceNotes(questions: readonly Question[]): string[] {
	const spaced = questions.filter(({ prompt, choices }) =>
		choices.some((choice) => delimiterOf(prompt, choice) !== '')
	).length;
	if (spaced === 0) return [];
	return [
		`a space was put between prompt and choices of ${spaced} of ${questions.length} questions, which have none there, as lm-evaluation-harness does`
	];
}

/** Estimates time and memory of a prepared evaluation. */
export function estimateOfEvaluation(
	prepared: PreparedEvaluation,
	home: string
): Promise<Estimate> {
	return estimateOf({ ...prepared, checkpoint: prepared.model.facts }, home);
}

/** Tokens that a choice is filled up to. */
export function choiceLength(
	{ ids }: ChoiceTokens,
	{ model, fixedContext }: Pick<PreparedEvaluation, 'model' | 'fixedContext'>
): number {
	return fixedContext ?? filledLength(ids.length, model.facts.maxPositions);
}

/** A choice under both variants, by its fraction of a window's tokens. */
export function choiceWork(
	choice: ChoiceTokens,
	prepared: Pick<PreparedEvaluation, 'model' | 'fixedContext' | 'context' | 'work'>
): number {
	return (choiceLength(choice, prepared) / prepared.context) * windowWork(prepared.work);
}

/** A probe of recall under both variants, by its fraction of a window's tokens. */
export function probeWork({
	probes,
	context,
	work
}: Pick<PreparedEvaluation, 'probes' | 'context' | 'work'>): number {
	return ((probes?.context ?? 0) / context) * windowWork(work);
}

/** A window under both variants. */
function windowWork({ oneVariant, comparison }: ComparisonWork): number {
	return VARIANT_COUNT * oneVariant + comparison;
}
