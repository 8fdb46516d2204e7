import { availableParallelism } from 'node:os';
import { sharedNotes } from '../model/checkpoint/shared.ts';
import type { Checkpoint } from '../model/checkpoint/types.ts';
import type { CheckpointModel } from '../model/open.ts';
import { canMap } from '../graph/stored.ts';
import { InputError } from '../errors.ts';
import { formatBytes } from '../text/number.ts';
import type { Engine } from './engine.ts';
import { attentionLayout, type AttentionLayout } from './layout.ts';
import {
	comparisonHoldings,
	planCapture,
	planMemory,
	planPlans,
	type MemoryPlan
} from './memory.ts';
import { ON_CPU, type OnnxSettings } from './onnxDevices.ts';
import { pathOf } from './path.ts';
import { hasPlanThreads, PlanTeam, startPlanThread } from './planTeam.ts';
import { inTurns } from './variants.ts';
import { forwardWork, plansWork, windowWork } from './work.ts';
import { VARIANT_COUNT } from '../graph/modelVariants.ts';

/** Runs a checkpoint's layers by graphs of our own. Weights are hashed while they are read, where their hash is not known. */
export function checkpointEngine(model: CheckpointModel, onnx: OnnxSettings = ON_CPU): Engine {
	const { device } = onnx;
	const { checkpoint, reader } = model;
	const { config } = checkpoint;
	return {
		fixedContext: null,
		capture: (context, statistics, limitBytes) => {
			const memory = planCapture(checkpoint, context, statistics, limitBytes);
			const streamed = whyStreamed(checkpoint, memory);
			if (device === 'webgpu' && streamed !== null) throw new InputError(notOnGpu(streamed));
			const { chunks } = memory;
			const layout = attentionLayout(config, context, chunks?.blocks);
			const work = windowWork(config, layout, statistics);
			return {
				layout,
				memory,
				work,
				path: pathOf(memory),
				notes: [
					...model.notes,
					...sharedNotes(config.shared),
					...streamNotes(streamed),
					...(device === 'auto' && streamed !== null ? [ON_CPU_ALONE] : []),
					...chunkNotes(layout, memory)
				],
				capture: async (given, home, reporter, stopwatch) => {
					// A model that is in memory as one graph was read by onnxruntime.
					if (memory.resident) await model.hashInBackground(home);
					const hasher = memory.resident ? null : await model.hasher(home);
					// Only here: onnxruntime has no place in a process that only estimates.
					const { captureSums } = await import('./captureSums.ts');
					const windows = [...given];
					const laidOut = { checkpoint, layout, memory, work, statistics, windows, onnx };
					if (chunks === undefined)
						return captureSums(laidOut, reader, hasher, reporter, stopwatch);
					const { captureChunked } = await import('./captureChunked.ts');
					return captureChunked(laidOut, chunks, { reader, hasher, reporter, stopwatch });
				}
			};
		},
		compare: (planned, { context, longest, windowCount, limitBytes }) => {
			const held = comparisonHoldings(config, planned, windowCount);
			const memory = planMemory(checkpoint, longest, held, limitBytes);
			const { layer, head } = forwardWork(config, attentionLayout(config, context));
			return {
				memory,
				work: { oneVariant: config.layers * layer, comparison: VARIANT_COUNT * head },
				path: pathOf(memory),
				timed: 'layers',
				notes: [...model.notes, ...streamNotes(whyStreamed(checkpoint, memory))],
				open: async (home) => {
					// Only here, as above.
					const { checkpointVariants } = await import('./checkpointVariants.ts');
					if (memory.resident) await model.hashInBackground(home);
					const hasher = memory.resident ? null : await model.hasher(home);
					const runner = checkpointVariants(checkpoint, planned, memory, reader, hasher);
					return inTurns(runner, memory.windowsPerGroup);
				}
			};
		},
		plans: (size) => {
			const [{ context: first }] = size.samples;
			const memory = planPlans(checkpoint, size, hasPlanThreads() ? availableParallelism() : 1);
			return {
				memory,
				work: plansWork(config, size),
				path: pathOf(memory),
				notes: [...model.notes, ...streamNotes(whyStreamed(checkpoint, memory))],
				open: async () => {
					// Only here, as above.
					const { CheckpointPlans } = await import('./checkpointPlans.ts');
					const { streams = 1 } = memory;
					if (streams === 1) return new CheckpointPlans(model, memory, first);
					const threads = Math.max(1, Math.floor(availableParallelism() / streams));
					const setup = { path: model.path, memory, context: first, threads };
					const whole = () => new CheckpointPlans(model, { ...memory, keptWindows: 1 }, first);
					return new PlanTeam(
						Array.from({ length: streams }, () => startPlanThread(setup)),
						whole
					);
				}
			};
		},
		tokenMaps: async (wanted) => {
			const { checkpointTokenMaps } = await import('./tokenMaps.ts');
			return checkpointTokenMaps(model, wanted);
		}
	};
}

/** Returns the note on a window whose attention does not fit in memory at once; [] where it fits. */
function chunkNotes({ blocks }: AttentionLayout, { chunks }: MemoryPlan): string[] {
	if (chunks === undefined) return [];
	const queries = chunks.nullBlocks.reduce((sum, block) => sum + blocks[block].queryCount, 0);
	return [
		`the attention of a window does not fit in memory at once: it is summed up in ${blocks.length} chunks of queries, and the null is sampled at ${queries} queries of each window`
	];
}

const ON_CPU_ALONE = 'runs on the CPU: a model whose weights are read layer by layer does';

/** Returns the note on a model whose weights are not in memory, for what `whyStreamed` says; [] where they are. */
function streamNotes(why: string | null): string[] {
	if (why === null) return [];
	return [`weights are read and widened layer by layer, which is slower: ${why}`];
}

/** Reason that a model's weights are not in memory, packed; null: they are. */
function whyStreamed(
	checkpoint: Checkpoint,
	{ resident, limitBytes, chunks }: MemoryPlan
): string | null {
	if (resident) return null;
	if (chunks !== undefined)
		return 'the attention of a window does not fit in memory beside all of them';
	if (!canMap(checkpoint)) return 'they are quantised, or stored in another order';
	return `all of them do not fit under the limit of ${formatBytes(limitBytes)}`;
}

function notOnGpu(why: string): string {
	return `device webgpu: it holds all weights of a model, which are read layer by layer here: ${why}; leave --device out`;
}
