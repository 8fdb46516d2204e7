import { byQuestion, idsAfter, rowsBefore, type Asked } from './asked.ts';
import type { MemoryPlan } from './memory.ts';
import { ForwardPass, type PlannedLayers } from './forward.ts';
import { LanguageHead } from './head.ts';
import { allocateSource, attentionLayout, type AttentionLayout } from './layout.ts';
import { WeightSource } from './weights.ts';
import type { ModelHasher } from '../model/checkpoint/hash.ts';
import type { WeightReader } from '../model/checkpoint/read.ts';
import type { Checkpoint, ModelConfig } from '../model/checkpoint/types.ts';
import type { ModelVariant } from '../graph/modelVariants.ts';
import type { BothVariants, VariantsRunner } from './variants.ts';

/** Runs the layers of a checkpoint one by one. */
export function checkpointVariants(
	checkpoint: Checkpoint,
	planned: PlannedLayers,
	{ resident, windowsPerGroup }: MemoryPlan,
	reader: WeightReader,
	hasher: ModelHasher | null
): VariantsRunner {
	const weights = new WeightSource(checkpoint, reader, { resident, hasher });
	const { config } = checkpoint;
	/** Windows of other lengths are cut into as many blocks as the first. */
	let blockCount: number | undefined;
	return {
		ofLength: (context) => {
			const layout = attentionLayout(config, context, blockCount);
			blockCount = layout.blocks.length;
			return bothVariants(config, weights, planned, layout, windowsPerGroup);
		},
		release: () => weights.release()
	};
}

async function bothVariants(
	config: ModelConfig,
	weights: WeightSource,
	planned: PlannedLayers,
	layout: AttentionLayout,
	windowsPerGroup: number
): Promise<BothVariants> {
	const forward = new ForwardPass(config, layout, weights);
	const head = await LanguageHead.open(config, layout.context, weights);
	const buffers = Array.from({ length: windowsPerGroup }, () =>
		allocateSource(layout, planned.sources)
	);
	const hidden: Record<ModelVariant, Float32Array[]> = { baseline: [], shared: [] };
	return {
		run: async (variant, windows, first, onPart) => {
			const times = windows.map(() => ({ seconds: 0, cpuSeconds: 0 }));
			const states = [];
			for (const [index, ids] of windows.entries()) {
				const state = await forward.start(ids, variant === 'shared' ? buffers[index] : null);
				states.push({ ...state, window: first + index });
			}
			await forward.run(states, {
				...(variant === 'shared' && planned),
				onLayer: (layer, window, { seconds, cpuSeconds }) => {
					times[window].seconds += seconds;
					times[window].cpuSeconds += cpuSeconds;
					onPart(window, 1 / config.layers, layer);
				}
			});
			hidden[variant] = states.map((state) => state.hidden);
			return times;
		},
		compare: (windows) =>
			head.compare(
				windows.map((ids, index) => ({
					ids,
					baseline: hidden.baseline[index],
					shared: hidden.shared[index]
				}))
			),
		ask: async (windows) => {
			const answers = [];
			for (const [index, { questions }] of windows.entries()) {
				const { baseline, shared } = hidden;
				answers.push(
					await answered(config, weights, questions, {
						baseline: baseline[index],
						shared: shared[index]
					})
				);
			}
			return answers;
		},
		release: async () => {
			await forward.release();
			await head.release();
		}
	};
}

/** Losses of candidates by the last hidden states of both variants, [S, hidden] each. */
async function answered(
	config: ModelConfig,
	weights: WeightSource,
	questions: Asked['questions'],
	hidden: Record<ModelVariant, Float32Array>
): Promise<Record<ModelVariant, number[][]>> {
	const ids = idsAfter(questions);
	const head = await LanguageHead.open(config, ids.length, weights);
	try {
		const [said] = await head.compare([
			{
				ids,
				baseline: rowsBefore(hidden.baseline, config.hidden, questions),
				shared: rowsBefore(hidden.shared, config.hidden, questions)
			}
		]);
		return {
			baseline: byQuestion(said.baseline, questions),
			shared: byQuestion(said.shared, questions)
		};
	} finally {
		await head.release();
	}
}
