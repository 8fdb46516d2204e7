import { attentionLayout } from './layout.ts';
import { modelFacts } from '../model/checkpoint/facts.ts';
import { completeHash, ModelHasher } from '../model/checkpoint/hash.ts';
import { hashInThread } from '../model/checkpoint/hashThread.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
import type { RunHash } from '../model/checkpoint/runHash.ts';
import { sharedNotes } from '../model/checkpoint/shared.ts';
import { planCapture } from './memory.ts';
import { pathOf } from './path.ts';
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
	let hashing: Promise<void> | null = null;
	return {
		name: checkpoint.name,
		folder: checkpoint.folder,
		facts: modelFacts(checkpoint),
		tokenizer: checkpoint.folder,
		notes: [...checkpoint.notes, ...sharedNotes(config.shared)],
		outlook: (context, statistics, limitBytes) => {
			const memory = planCapture(checkpoint, context, statistics, limitBytes);
			const layout = attentionLayout(config, context);
			const work = windowWork(config, layout, statistics);
			return {
				layout,
				memory,
				work,
				path: pathOf(memory),
				capture: async (given, home, reporter, stopwatch) => {
					run = await beginHash(checkpoint, home);
					if (!run.isKnown) {
						hasher = new ModelHasher(checkpoint);
						if (memory.resident) hashing = hashInThread(checkpoint, hasher);
						// A failure is met where the hash is awaited; until then it must not count as unhandled.
						hashing?.catch(() => undefined);
					}
					// Only here: onnxruntime has no place in a process that only estimates.
					const { captureSums } = await import('./captureSums.ts');
					const windows = [...given];
					const laidOut = { checkpoint, layout, memory, work, statistics, windows };
					return captureSums(laidOut, reader, hasher, reporter, stopwatch);
				}
			};
		},
		hash: async (home) => {
			run ??= await beginHash(checkpoint, home);
			await hashing;
			const read = hasher ?? new ModelHasher(checkpoint);
			return run.confirmed(() => completeHash(checkpoint, reader, read));
		},
		close: () => reader.close()
	};
}
