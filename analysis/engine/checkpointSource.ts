import { attentionLayout } from './layout.ts';
import { sharedNotes } from '../model/checkpoint/shared.ts';
import type { CheckpointModel } from '../model/open.ts';
import { planCapture } from './memory.ts';
import { pathOf } from './path.ts';
import type { AttentionSource } from './source.ts';
import { windowWork } from './work.ts';

/** A model folder in Hugging Face layout. Weights are hashed while they are read, where their hash is not known. */
export function checkpointSource(model: CheckpointModel): AttentionSource {
	const { checkpoint, reader } = model;
	const { config } = checkpoint;
	return {
		notes: [...model.notes, ...sharedNotes(config.shared)],
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
					// A model that is in memory as one graph was read by onnxruntime.
					if (memory.resident) await model.hashInBackground(home);
					const hasher = memory.resident ? null : await model.hasher(home);
					// Only here: onnxruntime has no place in a process that only estimates.
					const { captureSums } = await import('./captureSums.ts');
					const windows = [...given];
					const laidOut = { checkpoint, layout, memory, work, statistics, windows };
					return captureSums(laidOut, reader, hasher, reporter, stopwatch);
				}
			};
		}
	};
}
