import { logitsBytes, planMemory, type Holdings } from '../../engine/memory.ts';
import { beginHash } from '../../engine/modelHash.ts';
import { forwardWork } from '../../engine/work.ts';
import { attentionLayout, windowEntries } from '../../engine/layout.ts';
import type { LayerRepairs } from '../../engine/repairs.ts';
import { modelFacts } from '../../model/checkpoint/facts.ts';
import { completeHash, ModelHasher } from '../../model/checkpoint/hash.ts';
import { openCheckpoint } from '../../model/checkpoint/open.ts';
import { WeightReader } from '../../model/checkpoint/read.ts';
import type { RunHash } from '../../model/checkpoint/runHash.ts';
import type { ModelConfig } from '../../model/checkpoint/types.ts';
import { checkPlanFits } from '../../plan/fits.ts';
import { headMapsOf, spansOf } from '../../plan/spans.ts';
import type { Plan } from '../../plan/types.ts';
import type { EvaluationSource } from './source.ts';

const FLOAT = 4;
/** Arrays as large as a hidden state that a window holds: two states, two normed, and those being made. */
const STATES_A_WINDOW = 6;
/** Arrays as large as a part's logits that the comparison makes, besides those of one model. */
const LOGITS_COMPARED = 4;
const WAYS = 2;

/** A model folder in Hugging Face layout. Weights are hashed while they are read, where their hash is not known. */
export async function openCheckpointEvaluation(
	folder: string,
	plan: Plan,
	repairs: LayerRepairs | null
): Promise<EvaluationSource> {
	const checkpoint = await openCheckpoint(folder);
	const { config } = checkpoint;
	checkPlanFits(plan, { ...config, name: checkpoint.name });
	const planned = {
		sources: plan.sources,
		headMaps: headMapsOf(plan.spans, config.layers),
		repairs: repairs ?? undefined
	};
	const reader = new WeightReader();
	let run: RunHash | null = null;
	let hasher: ModelHasher | null = null;
	return {
		name: checkpoint.name,
		folder: checkpoint.folder,
		facts: modelFacts(checkpoint),
		tokenizer: checkpoint.folder,
		notes: checkpoint.notes,
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
					run = await beginHash(checkpoint, home);
					if (!run.isKnown) hasher = new ModelHasher(checkpoint);
					// Only here: onnxruntime has no place in a process that only estimates.
					const { checkpointRunner } = await import('./checkpointRunner.ts');
					return checkpointRunner(checkpoint, planned, memory, reader, hasher);
				}
			};
		},
		hash: async (home) => {
			run ??= await beginHash(checkpoint, home);
			const read = hasher ?? new ModelHasher(checkpoint);
			return run.confirmed(() => completeHash(checkpoint, reader, read));
		},
		close: () => reader.close()
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
