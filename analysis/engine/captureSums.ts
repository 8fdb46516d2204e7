import type { ModelHasher } from '../model/checkpoint/hash.ts';
import type { WeightReader } from '../model/checkpoint/read.ts';
import { blocksOnGpu } from '../graph/blocks.ts';
import { CapturePass } from './capturePass.ts';
import { ForwardPass } from './forward.ts';
import { LanguageHead } from './head.ts';
import {
	allocateWindow,
	attentionLayout,
	type AttentionLayout,
	type WindowAttention
} from './layout.ts';
import { StatisticsPass, type CapturedSums, type Profile } from './statistics.ts';
import { WeightSource } from './weights.ts';
import type { ViewSums } from '../similarity/types.ts';
import type { Window } from '../model/tokens/types.ts';
import { ON_CPU, type ChosenDevice, type OnnxSettings } from './onnxDevices.ts';
import type { SeenWindows } from './onnxWindows.ts';
import { chooseDevice } from './webgpu.ts';
import type { Prepared } from './windowPlan.ts';
import type { Reporter } from '../telemetry/reporter.ts';
import type { Stopwatch } from '../telemetry/stopwatch.ts';

export interface Captured {
	sums: ViewSums[];
	profile: Profile;
	/** Mean natural-log loss a predicted token. */
	loss: number;
	/** null: the model's facts say it all. */
	seen: SeenWindows | null;
	/** Device that computed it; absent: that of the forecast. */
	chosen?: ChosenDevice;
}

/** Runs windows through a model, whatever form it is stored in. */
export interface WindowRunner {
	/**
	 * Runs windows, `done` of the run's having gone before them, and fills each one's place with every layer's
	 * probabilities. Natural-log losses of each window's tokens after the first, [windows][S − 1].
	 */
	run(
		group: readonly Window[],
		places: readonly WindowAttention[],
		done: number
	): Promise<readonly (Float64Array | Float32Array)[]>;
	/** Returns the sliding windows seen in the windows that ran; left out where config.json is followed. */
	seen?: () => SeenWindows;
	release(): Promise<void>;
}

/**
 * Runs every window through a checkpoint's model and sums up what its attention says: by one graph that holds the model
 * where it fits in memory, or group by group, layer after layer.
 */
export async function captureSums(
	prepared: Captureable,
	reader: WeightReader,
	hasher: ModelHasher | null,
	reporter: Reporter,
	stopwatch: Stopwatch
): Promise<Captured> {
	if (prepared.memory.resident) return captureResident(prepared, reader, reporter, stopwatch);
	const runner = await streamedRunner(prepared, reader, hasher, reporter, stopwatch);
	return sumWindows(prepared, runner, reporter, stopwatch);
}

/** Input of a capture: a checkpoint, its windows and the statistics asked for, laid out in memory. */
export type Captureable = Pick<
	Prepared,
	'checkpoint' | 'layout' | 'memory' | 'work' | 'statistics' | 'windows'
> & { onnx?: OnnxSettings };

/** Everything of a window in one run of one graph. */
async function captureResident(
	{ checkpoint, layout: onCpu, statistics, windows, work, onnx = ON_CPU }: Captureable,
	reader: WeightReader,
	reporter: Reporter,
	stopwatch: Stopwatch
): Promise<Captured> {
	const chosen = await chooseDevice(onnx);
	const layout =
		chosen.device === 'webgpu'
			? attentionLayout(checkpoint.config, onCpu.context, blocksOnGpu(onCpu.context))
			: onCpu;
	stopwatch.enter('packing weights');
	reporter.add(0, 'packing weights', 0);
	const weights = new WeightSource(checkpoint, reader, { resident: false, hasher: null });
	const pass = await CapturePass.open(checkpoint, layout, statistics, weights, chosen);
	let lossSum = 0;
	let losses = 0;
	stopwatch.enter('windows');
	for (const [index, { ids }] of windows.entries()) {
		for (const value of await pass.add(ids, index)) lossSum += value;
		losses += ids.length - 1;
		reporter.addTokens(ids.length);
		const ofWindow = layout.layers * work.layer + work.head + work.statistics;
		reporter.add(ofWindow, 'windows', index + 1);
	}
	stopwatch.enter('similarity');
	const { sums, profile } = await pass.finish();
	await pass.release();
	return {
		sums: viewSums(sums, layout, windows.length),
		profile,
		loss: lossSum / losses,
		seen: null,
		chosen
	};
}

/** Sums with the sizes of what they are of. */
export function viewSums(
	sums: readonly CapturedSums[],
	{ layers, heads }: AttentionLayout,
	windowCount: number
): ViewSums[] {
	return sums.map((view) => ({ ...view, layers, heads, windowCount }));
}

/** Runs the layers of a checkpoint one by one, their weights being read for each group of windows. */
async function streamedRunner(
	{ checkpoint, layout, work }: Captureable,
	reader: WeightReader,
	hasher: ModelHasher | null,
	reporter: Reporter,
	stopwatch: Stopwatch
): Promise<WindowRunner> {
	const { config } = checkpoint;
	const weights = new WeightSource(checkpoint, reader, { resident: false, hasher });
	const forward = new ForwardPass(config, layout, weights);
	const head = await LanguageHead.open(config, layout.context, weights);
	return {
		run: async (group, places, done) => {
			stopwatch.enter('layers');
			const states = [];
			for (const [index, { ids }] of group.entries()) {
				states.push({ ...(await forward.start(ids, places[index])), window: done + index });
			}
			await forward.run(states, {
				onLayer: (layer, window) => reporter.addLayer(work.layer, 'layers', done + window, layer)
			});
			stopwatch.enter('loss');
			const tokens = states.map(({ hidden }, index) => ({ hidden, ids: group[index].ids }));
			const losses = await head.losses(tokens);
			reporter.add(group.length * work.head, 'loss', done);
			return losses;
		},
		release: async () => {
			await forward.release();
			await head.release();
		}
	};
}

/** Runs every window, group by group, and sums up what the attention says; the runner is released. */
export async function sumWindows(
	{ layout, memory, statistics, windows, work }: Omit<Captureable, 'checkpoint'>,
	runner: WindowRunner,
	reporter: Reporter,
	stopwatch: Stopwatch
): Promise<Captured> {
	const pass = await StatisticsPass.open(layout, statistics);
	const buffers = Array.from({ length: memory.windowsPerGroup }, () => allocateWindow(layout));
	let lossSum = 0;
	let losses = 0;
	let done = 0;
	for (const group of groupsOf(windows, memory.windowsPerGroup)) {
		for (const values of await runner.run(group, buffers, done)) {
			for (const value of values) lossSum += value;
			losses += values.length;
		}
		stopwatch.enter('similarity');
		for (const index of group.keys()) {
			await pass.add(buffers[index]);
			done++;
			reporter.add(work.statistics, 'similarity', done);
		}
	}
	const { sums, profile } = await pass.finish();
	const seen = runner.seen?.() ?? null;
	await runner.release();
	await pass.release();
	return {
		sums: viewSums(sums, layout, windows.length),
		profile,
		loss: lossSum / losses,
		seen
	};
}

function groupsOf(windows: readonly Window[], size: number): Window[][] {
	return Array.from({ length: Math.ceil(windows.length / size) }, (_, group) =>
		windows.slice(group * size, (group + 1) * size)
	);
}
