import { attentionLayout } from './layout.ts';
import { modelFacts } from '../model/checkpoint/facts.ts';
import { completeHash, ModelHasher } from '../model/checkpoint/hash.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
import type { RunHash } from '../model/checkpoint/runHash.ts';
import { sharedNotes } from '../model/checkpoint/shared.ts';
import { analysisHoldings, planMemory } from './memory.ts';
import { beginHash } from './modelHash.ts';
import type { AttentionSource } from './source.ts';
import { windowWork } from './work.ts';

/** A model folder in Hugging Face layout. Weights are hashed while they are read, where their hash is not known. */
export async function openCheckpointSource(folder: string): Promise<AttentionSource> {
	const checkpoint = await openCheckpoint(folder);
	const { config } = checkpoint;
	const reader = new WeightReader();
	let run: RunHash | null = null;
	let hasher: ModelHasher | null = null;
	return {
		name: checkpoint.name,
		folder: checkpoint.folder,
		facts: modelFacts(checkpoint),
		tokenizer: checkpoint.folder,
		notes: [...checkpoint.notes, ...sharedNotes(config.shared)],
		outlook: (context, statistics, limitBytes) => {
			const holdings = analysisHoldings(config, statistics);
			const memory = planMemory(checkpoint, context, holdings, limitBytes);
			const layout = attentionLayout(config, context);
			const work = windowWork(config, layout, statistics);
			return {
				layout,
				memory,
				work,
				start: async (home, reporter, stopwatch) => {
					run = await beginHash(checkpoint, home);
					if (!run.isKnown) hasher = new ModelHasher(checkpoint);
					// Only here: onnxruntime has no place in a process that only estimates.
					const { checkpointRunner } = await import('./captureSums.ts');
					const laidOut = { checkpoint, layout, memory, work };
					return checkpointRunner(laidOut, reader, hasher, reporter, stopwatch);
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
