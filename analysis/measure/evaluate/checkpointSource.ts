import { logitsBytes, planMemory, type Holdings } from '../../engine/memory.ts';
import { forwardWork } from '../../engine/work.ts';
import { attentionLayout, windowEntries } from '../../engine/layout.ts';
import type { LayerRepairs } from '../../engine/repair/repairs.ts';
import type { CheckpointModel } from '../../model/open.ts';
import type { ModelConfig } from '../../model/checkpoint/types.ts';
import { requirePlan } from '../../engine/checkPlan.ts';
import { spansOf } from '../../plan/spans.ts';
import type { Plan } from '../../plan/types.ts';
import type { EvaluationSource } from './source.ts';

const FLOAT = 4;
/** Arrays as large as a hidden state that a window holds: two states, two normed, and those being made. */
const STATES_A_WINDOW = 6;
/** Arrays as large as a part's logits that the comparison makes, besides those of one model. */
const LOGITS_COMPARED = 4;
const WAYS = 2;

/** A model folder in Hugging Face layout. Weights are hashed while they are read, where their hash is not known. */
export function checkpointEvaluation(
	model: CheckpointModel,
	plan: Plan,
	repairs: LayerRepairs | null
): EvaluationSource {
	const { checkpoint, reader } = model;
	const { config } = checkpoint;
	const planned = { ...requirePlan(model, plan, 'run'), repairs: repairs ?? undefined };
	return {
		notes: model.notes,
		timed: 'layers',
		fixedContext: null,
		outlook: ({ context, longest, windowCount, limitBytes }) => {
			const held = holdings(config, plan, repairs, windowCount);
			const memory = planMemory(checkpoint, longest, held, limitBytes);
			const { layer, head } = forwardWork(config, attentionLayout(config, context));
			return {
				memory,
				work: { way: config.layers * layer, comparison: WAYS * head },
				start: async (home) => {
					// Only here: onnxruntime has no place in a process that only estimates.
					const { checkpointRunner } = await import('./checkpointRunner.ts');
					return checkpointRunner(checkpoint, planned, memory, reader, await model.hasher(home));
				}
			};
		}
	};
}

/**
 * Both ways' hidden states, one source's probabilities where the plan has followers, or the model itself, and
 * refitted weights.
 */
function holdings(
	config: ModelConfig,
	plan: Plan,
	repairs: LayerRepairs | null,
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
