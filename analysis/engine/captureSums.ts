import type { ModelHasher } from '../model/checkpoint/hash.ts';
import type { WeightReader } from '../model/checkpoint/read.ts';
import { ForwardPass } from './forward.ts';
import { LanguageHead } from './head.ts';
import { allocateWindow, type WindowAttention } from './layout.ts';
import { StatisticsPass, type Profile } from './statistics.ts';
import { WeightSource } from './weights.ts';
import type { ViewSums } from '../similarity/types.ts';
import type { Window } from '../model/tokens/types.ts';
import type { SeenWindows } from './onnxWindows.ts';
import type { Prepared, WindowPlan } from './windowPlan.ts';
import type { Reporter } from '../telemetry/reporter.ts';
import type { Stopwatch } from '../telemetry/stopwatch.ts';

export interface Captured {
	sums: ViewSums[];
	profile: Profile;
	/** Mean natural-log loss a predicted token. */
	loss: number;
	/** null: the model's facts say it all. */
	seen: SeenWindows | null;
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
	/** What the windows that ran show of sliding windows; left out where config.json is followed. */
	seen?: () => SeenWindows;
	release(): Promise<void>;
}

/** Runs every window through a checkpoint's model, group by group, and sums up what its attention says. */
export async function captureSums(
	prepared: Prepared,
	reader: WeightReader,
	hasher: ModelHasher | null,
	reporter: Reporter,
	stopwatch: Stopwatch
): Promise<Captured> {
	const runner = await checkpointRunner(prepared, reader, hasher, reporter, stopwatch);
	return sumWindows(prepared, runner, reporter, stopwatch);
}

/** Runs the layers of a checkpoint one by one. */
export async function checkpointRunner(
	{ checkpoint, layout, memory, work }: Pick<Prepared, 'checkpoint' | 'layout' | 'memory' | 'work'>,
	reader: WeightReader,
	hasher: ModelHasher | null,
	reporter: Reporter,
	stopwatch: Stopwatch
): Promise<WindowRunner> {
	const { config } = checkpoint;
	const weights = new WeightSource(checkpoint, reader, { resident: memory.resident, hasher });
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
	{ layout, memory, statistics, windows, work }: WindowPlan,
	runner: WindowRunner,
	reporter: Reporter,
	stopwatch: Stopwatch
): Promise<Captured> {
	const pass = await StatisticsPass.open(layout, statistics);
	const rooms = Array.from({ length: memory.windowsPerGroup }, () => allocateWindow(layout));
	let lossSum = 0;
	let losses = 0;
	let done = 0;
	for (const group of groupsOf(windows, memory.windowsPerGroup)) {
		for (const values of await runner.run(group, rooms, done)) {
			for (const value of values) lossSum += value;
			losses += values.length;
		}
		stopwatch.enter('similarity');
		for (const index of group.keys()) {
			await pass.add(rooms[index]);
			done++;
			reporter.add(work.statistics, 'similarity', done);
		}
	}
	const { sums, profile } = await pass.finish();
	const seen = runner.seen?.() ?? null;
	await runner.release();
	await pass.release();
	return {
		sums: sums.map((view) => ({
			...view,
			layers: layout.layers,
			heads: layout.heads,
			windowCount: windows.length
		})),
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
