import { memoryLimit, planMemory, type Holdings, type MemoryPlan } from '../../engine/memory.ts';
import type { Prepared } from '../../engine/windowPlan.ts';
import { forwardWork, outputWork } from '../../engine/work.ts';
import { requireOwnAttention } from '../../model/checkpoint/shared.ts';
import { requireCheckpoint, type CheckpointModel, type Model } from '../../model/open.ts';
import type { Checkpoint, ModelConfig } from '../../model/checkpoint/types.ts';
import { attentionLayout, windowEntries } from '../../engine/layout.ts';
import { InputError } from '../../errors.ts';
import { checkContext, cutWindows } from '../../model/tokens/windows.ts';
import type { Probes } from '../../model/tokens/probes.ts';
import { probesFor } from '../recall.ts';
import type { Sample } from './sample.ts';
import type { DamageRequest } from './types.ts';

/** Everything that is known before the model runs. */
export interface PreparedDamage extends Omit<Prepared, 'statistics' | 'work' | 'totalWork'> {
	model: CheckpointModel;
	maxSpan: number;
	/** Floating-point operations of one window: a layer, the head, and one pair's `output`. */
	work: { layer: number; head: number; output: number };
	/** Probes of in-context recall; null: it is not measured. */
	recall: Sample | null;
}

const FLOAT = 4;
/** The least layers of a span: a source and a follower. */
const LEAST_SPAN = 2;
/** Arrays as large as a hidden state that a case holds: its state, the one it branched from, and those being made. */
const STATES_A_CASE = 6;

/**
 * Cuts the windows and lays the measurement out in memory, without running anything. Throws
 * InputError for whatever is wrong with model, texts, context or longest span, and where the memory limit is
 * too low.
 */
export async function prepareDamage(model: Model, request: DamageRequest): Promise<PreparedDamage> {
	const { maxSpan } = request;
	if (!(Number.isInteger(maxSpan) && maxSpan >= LEAST_SPAN)) {
		throw new InputError(
			`longest span: ${maxSpan}; allowed: a whole number of layers, ${LEAST_SPAN} or more`
		);
	}
	requireCheckpoint(model);
	const { checkpoint } = model;
	requireOwnAttention(checkpoint, 'damage');
	const { config } = checkpoint;
	checkContext(request.context, config);
	const tokenizer = await model.tokenizer();
	const { windows, context, notes } = await cutWindows(request.documents, tokenizer, request);
	const { probes, notes: probeNotes } = await probesFor(request, tokenizer, config);
	const layout = attentionLayout(config, context);
	const recall = probes && recallSample(checkpoint, probes, request, layout.blocks.length);
	const text = planMemory(
		checkpoint,
		context,
		holdings(config, windows.length),
		memoryLimit(request.memoryLimitBytes)
	);
	const memory = { ...text, bytes: Math.max(text.bytes, recall?.memory.bytes ?? 0) };
	const work = { ...forwardWork(config, layout), output: outputWork(config, layout) };
	return {
		model,
		checkpoint,
		tokenizer,
		windows,
		context,
		notes: [...checkpoint.notes, ...notes, ...probeNotes],
		layout,
		memory,
		maxSpan,
		work,
		recall
	};
}

/** Probes laid out in memory: only the passage that comes again goes through the output head. */
function recallSample(
	checkpoint: Checkpoint,
	{ probes, context, scored }: Probes,
	{ memoryLimitBytes }: DamageRequest,
	blockCount: number
): Sample & { memory: MemoryPlan } {
	const { config } = checkpoint;
	const layout = attentionLayout(config, context, blockCount);
	const { layer } = forwardWork(config, layout);
	const { head } = forwardWork(config, attentionLayout(config, scored + 1));
	return {
		of: 'recall',
		windows: probes,
		layout,
		memory: planMemory(
			checkpoint,
			context,
			holdings(config, probes.length),
			memoryLimit(memoryLimitBytes)
		),
		scored,
		work: { layer, head, output: 0 }
	};
}

/** Of every layer the state before it and what its attention block puts out; the probabilities of one source. */
function holdings(config: ModelConfig, windowCount: number): Holdings {
	const states = 2 * config.layers + STATES_A_CASE;
	return {
		windowCount,
		windowBytes: (layout) =>
			FLOAT * (windowEntries(layout, 1) + states * layout.context * config.hidden),
		fixedBytes: () => 0
	};
}
