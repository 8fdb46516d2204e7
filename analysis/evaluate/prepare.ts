import { openCheckpoint } from '../checkpoint/open.ts';
import type { ModelConfig } from '../checkpoint/types.ts';
import { attentionLayout, windowEntries } from '../capture/layout.ts';
import { InputError } from '../errors.ts';
import { logitsBytes, memoryLimit, planMemory, type Holdings } from '../analyze/memory.ts';
import type { Prepared } from '../analyze/prepare.ts';
import { forwardWork, type WindowWork } from '../analyze/work.ts';
import { checkPlanFits } from '../plan/fits.ts';
import { spansOf } from '../plan/spans.ts';
import { loadTokenizer } from '../tokens/tokenizer.ts';
import { checkContext, cutWindows } from '../tokens/windows.ts';
import { encodeChoices, filledLength, type ChoiceTokens } from './choices/encode.ts';
import type { EvaluateRequest } from './types.ts';

/** Everything that is known before the model runs. */
export interface PreparedEvaluation extends Omit<Prepared, 'statistics'> {
	/** Choices of the questions as tokens; none where there are no questions. */
	choices: ChoiceTokens[];
}

const FLOAT = 4;
/** Arrays as large as a hidden state that a window holds: two states, two normed, and those being made. */
const STATES_A_WINDOW = 6;
/** Arrays as large as a part's logits that the comparison makes, besides those of one model. */
const LOGITS_COMPARED = 4;
const WAYS = 2;

/**
 * Opens the model, checks that the plan is one for it, cuts the windows and lays the run out in memory, without
 * running anything. Throws InputError for whatever is wrong with model, plan, texts or context, and where the
 * memory limit is too low.
 */
export async function prepareEvaluation(request: EvaluateRequest): Promise<PreparedEvaluation> {
	const checkpoint = await openCheckpoint(request.modelFolder);
	const { config } = checkpoint;
	checkPlanFits(request.plan, { ...config, name: checkpoint.name });
	if (request.gates.maxAccuracyDrop !== undefined && request.questions === null) {
		throw new InputError('maxAccuracyDrop: no questions to judge it by; give them with --choices');
	}
	checkContext(request.context, config);
	const tokenizer = await loadTokenizer(request.modelFolder, config);
	const { windows, context, notes } = cutWindows(request.documents, tokenizer, request);
	const choices = encodeChoices(request.questions ?? [], tokenizer, config.maxPositions);
	const lengths = choices.map(({ ids }) => filledLength(ids.length, config.maxPositions));
	const memory = planMemory(
		checkpoint,
		lengths.reduce((longest, length) => Math.max(longest, length), context),
		holdings(config, request, windows.length),
		memoryLimit(request.memoryLimitBytes)
	);
	const layout = attentionLayout(config, context);
	const work = evaluationWork(config, layout);
	return {
		checkpoint,
		tokenizer,
		windows,
		context,
		notes,
		layout,
		memory,
		work,
		totalWork:
			windows.length * (WAYS * config.layers * work.layer + work.head) +
			choices.reduce((sum, choice) => sum + choiceWork(choice, config, context, work), 0),
		choices
	};
}

/** A layer of one window one way; the head of one window both ways. */
function evaluationWork(config: ModelConfig, layout: Prepared['layout']): WindowWork {
	const { layer, head } = forwardWork(config, layout);
	return { layer, head: WAYS * head, statistics: 0 };
}

/** A choice both ways, by its share of a window's tokens. */
export function choiceWork(
	{ ids }: ChoiceTokens,
	{ layers, maxPositions }: ModelConfig,
	context: number,
	work: WindowWork
): number {
	const share = filledLength(ids.length, maxPositions) / context;
	return share * (WAYS * layers * work.layer + work.head);
}

/**
 * Both ways' hidden states, one source's probabilities where the plan has followers, or the model itself, and
 * refitted weights.
 */
function holdings(
	config: ModelConfig,
	{ plan, repairs }: EvaluateRequest,
	windowCount: number
): Holdings {
	const kept = Number(spansOf(plan.sources).length > 0) + Number(config.shared !== null);
	const refitted = [...(repairs?.values() ?? [])].reduce(
		(sum, { o, bias }) => sum + (o?.byteLength ?? 0) + (bias?.byteLength ?? 0),
		0
	);
	return {
		windowCount,
		windowBytes: (layout) =>
			FLOAT * (windowEntries(layout, kept) + STATES_A_WINDOW * layout.context * config.hidden),
		fixedBytes: (layout) => refitted + LOGITS_COMPARED * logitsBytes(config, layout.context)
	};
}
