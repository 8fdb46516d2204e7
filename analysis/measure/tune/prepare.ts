import { estimateOf, type Estimate } from '../../engine/estimate.ts';
import { memoryLimit, type MemoryPlan } from '../../engine/memory.ts';
import { requirePlan } from '../../engine/checkPlan.ts';
import { processesOf } from '../../engine/torchSettings.ts';
import { InputError } from '../../errors.ts';
import { requireOwnAttention } from '../../model/checkpoint/shared.ts';
import { requireCheckpoint, type CheckpointModel, type Model } from '../../model/open.ts';
import { cutProbes, type Probe } from '../../model/tokens/probes.ts';
import type { Document, Tokenizer, Window } from '../../model/tokens/types.ts';
import { checkContext, cutWindows } from '../../model/tokens/windows.ts';
import { formatBytes } from '../../text/number.ts';
import { encodeChoices, type ChoiceTokens } from '../choices/encode.ts';
import { LOOKS } from './defaults.ts';
import { hasRival } from './rival.ts';
import { splitTexts } from './split.ts';
import { ARMS, type Arm, type TuneRequest } from './types.ts';

/** PyTorch and transformers, before any weight. */
const BASE_BYTES = 500e6;
const FLOAT = 4;
/** Copies of the weights that are trained: weights, gradients, two moments, the best so far, a checkpoint being written. */
const TRAINED_COPIES = 6;
/** Logits of a batch, of both models, and what the objective makes of them. */
const LOGITS_AT_ONCE = 6;
/** Windows and probes that decide when to stop: enough to see a trend. */
const STOP_WINDOWS = 8;
const STOP_PROBES = 4;
/** Operations of a forward pass, and of forward and backward, per parameter and token. */
const FORWARD = 2;
const TRAINING = 6;

/** Windows and probes of a part of the texts; the losses of the last `scored` tokens of a probe count. */
export interface Part {
	windows: Window[];
	probes: Probe[];
	scored: number;
}

/** Everything that is known before a model runs. */
export interface PreparedTune {
	model: CheckpointModel;
	tokenizer: Tokenizer;
	arms: readonly Arm[];
	train: Window[];
	stop: Part;
	report: Part;
	/** Choices of the questions as tokens; none where there are no questions. */
	choices: ChoiceTokens[];
	context: number;
	/** Steps between two looks at held-out text. */
	every: number;
	notes: string[];
	memory: MemoryPlan;
	totalWork: number;
	/** Work of one step, and of a look. */
	work: { step: number; look: number };
}

/**
 * Splits the texts, cuts windows and probes and counts what tuning will take; nothing is run. Throws InputError where
 * model, plan, texts, context or memory are at fault.
 */
export async function prepareTune(
	model: Model,
	request: Omit<TuneRequest, 'out' | 'command'>
): Promise<PreparedTune> {
	requireCheckpoint(model);
	if (model.form !== 'checkpoint') {
		throw new InputError(
			`${model.path}: a GGUF file; tuning needs a checkpoint in Hugging Face layout`
		);
	}
	requireOwnAttention(model.checkpoint, 'tuning');
	if (model.checkpoint.config.experts !== null) {
		throw new InputError(
			`${model.path}: a mixture of experts, which cannot be tuned here; spanwise apply --to transformers writes its planned model`
		);
	}
	requirePlan(model, request.plan, 'write');
	const { facts } = model;
	checkContext(request.context, facts);
	const tokenizer = await model.tokenizer();
	const parts = splitTexts(request.documents);
	const { steps, batch, context } = request;
	const cut = async (documents: Document[], windows: number, what: string) => {
		const found = await cutWindows(documents, tokenizer, { context, windows });
		if (found.context === context) return found;
		throw new InputError(
			`text: the part ${what} has no window of ${context} tokens; name longer texts, or use a smaller --context`
		);
	};
	const probesOf = async (documents: Document[], windows?: number) =>
		cutProbes(documents, tokenizer, {
			maxPositions: facts.maxPositions,
			...(windows && { windows })
		});
	const train = await cut(parts.train, steps * batch, 'to train on');
	const stop = await cut(parts.stop, STOP_WINDOWS, 'to stop by');
	const report = await cut(parts.report, request.windows, 'to measure');
	const stopProbes = await probesOf(parts.stop, STOP_PROBES);
	const probes = await probesOf(parts.report);
	const choices = await encodeChoices(request.questions ?? [], tokenizer, facts.maxPositions);
	const arms = armsOf(request);
	const notes = [
		...report.notes,
		...(probes.probes.length === 0 ? ['recall was not measured: the text is too short'] : []),
		...(request.compare && !arms.includes('rival')
			? ['no rival: the plan only drops attention, so it is its own']
			: [])
	];
	const evaluated = (part: { windows: Window[] }, of: { probes: Probe[]; context: number }) =>
		part.windows.length * context + of.probes.length * of.context;
	const { parameters, layers, vocab } = facts;
	const every = Math.ceil(steps / LOOKS);
	const distilled = request.distill > 0 ? FORWARD : 0;
	const work = {
		step: batch * context * parameters * (TRAINING + distilled),
		look: FORWARD * parameters * evaluated(stop, stopProbes)
	};
	const asked = choices.reduce((sum, { ids }) => sum + ids.length, 0);
	const measured = 2 * FORWARD * parameters * (evaluated(report, probes) + asked);
	const drops = arms.includes('rival') ? layers * work.look : 0;
	const memory = memoryOf(request, { parameters, vocab });
	return {
		model,
		tokenizer,
		arms,
		train: train.windows,
		stop: { windows: stop.windows, probes: stopProbes.probes, scored: stopProbes.scored },
		report: { windows: report.windows, probes: probes.probes, scored: probes.scored },
		choices,
		context,
		every,
		notes,
		memory,
		work,
		totalWork: arms.length * (steps * work.step + (LOOKS + 1) * work.look + measured) + drops
	};
}

/** Estimates time and memory of a prepared tuning. */
export function estimateOfTune(prepared: PreparedTune, home: string): Promise<Estimate> {
	const { model, report } = prepared;
	return estimateOf({ ...prepared, windows: report.windows, checkpoint: model.checkpoint }, home);
}

function armsOf({ compare, plan }: Pick<TuneRequest, 'compare' | 'plan'>): readonly Arm[] {
	if (!compare) return ['planned'];
	return ARMS.filter((arm) => arm !== 'rival' || hasRival(plan.sources));
}

/**
 * Counted for weights in float32 and one batch; on a GPU most of it is the GPU's. Several processes hold parts of the weights,
 * but each reads the whole model first.
 */
function memoryOf(
	{ lora, batch, context, memoryLimitBytes, device, distill }: Omit<TuneRequest, 'out' | 'command'>,
	{ parameters, vocab }: { parameters: number; vocab: number }
): MemoryPlan {
	const weights = FLOAT * parameters;
	const teacher = distill > 0 ? weights : 0;
	const student = lora === null ? TRAINED_COPIES * weights : 2 * weights;
	const others = device.startsWith('cpu:') ? Number(processesOf(device)) - 1 : 0;
	const logits = FLOAT * LOGITS_AT_ONCE * batch * context * vocab;
	const bytes = BASE_BYTES + teacher + student + logits + others * (BASE_BYTES + weights);
	const limitBytes = memoryLimit(memoryLimitBytes);
	if (device.startsWith('cpu') && bytes > limitBytes) {
		throw new InputError(
			`memory: tuning takes ${formatBytes(bytes)}, and ${formatBytes(limitBytes)} may be used; use --lora, a smaller --batch or --context, or raise --memory`
		);
	}
	return { resident: true, windowsPerGroup: 1, bytes, limitBytes };
}
