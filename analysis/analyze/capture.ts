import type { ModelHasher } from '../checkpoint/hash.ts';
import type { WeightReader } from '../checkpoint/read.ts';
import { ForwardPass } from '../capture/forward.ts';
import { LanguageHead } from '../capture/head.ts';
import { allocateWindow } from '../capture/layout.ts';
import { StatisticsPass, type Profile } from '../capture/statistics.ts';
import { WeightSource } from '../capture/weights.ts';
import type { ViewSums } from '../similarity/types.ts';
import type { Window } from '../tokens/types.ts';
import type { Prepared } from './prepare.ts';
import type { Reporter } from './reporter.ts';
import type { Stopwatch } from './stopwatch.ts';

export interface Captured {
	sums: ViewSums[];
	profile: Profile;
	/** Mean natural-log loss a predicted token. */
	loss: number;
}

/** Runs every window through the model, group by group, and sums up what its attention says. */
export async function captureSums(
	prepared: Prepared,
	reader: WeightReader,
	hasher: ModelHasher | null,
	reporter: Reporter,
	stopwatch: Stopwatch
): Promise<Captured> {
	const { checkpoint, layout, memory, statistics, windows, work } = prepared;
	const { config } = checkpoint;
	const weights = new WeightSource(checkpoint, reader, { resident: memory.resident, hasher });
	const forward = new ForwardPass(config, layout, weights);
	const head = await LanguageHead.open(config, layout.context, weights);
	const pass = await StatisticsPass.open(layout, statistics);
	const rooms = Array.from({ length: memory.windowsPerGroup }, () => allocateWindow(layout));
	let lossSum = 0;
	let losses = 0;
	let done = 0;
	for (const group of groupsOf(windows, memory.windowsPerGroup)) {
		stopwatch.enter('layers');
		const states = [];
		for (const [index, { ids }] of group.entries()) {
			states.push(await forward.start(ids, rooms[index]));
		}
		await forward.run(states, {
			onLayer: (layer, window) => reporter.addLayer(work.layer, 'layers', done + window, layer)
		});
		stopwatch.enter('loss');
		const tokens = states.map(({ hidden }, index) => ({ hidden, ids: group[index].ids }));
		for (const values of await head.losses(tokens)) {
			lossSum += values.reduce((sum, value) => sum + value, 0);
			losses += values.length;
		}
		reporter.add(group.length * work.head, 'loss', done);
		stopwatch.enter('similarity');
		for (const index of group.keys()) {
			await pass.add(rooms[index]);
			done++;
			reporter.add(work.statistics, 'similarity', done);
		}
	}
	const { sums, profile } = await pass.finish();
	await forward.release();
	await head.release();
	await pass.release();
	return {
		sums: sums.map((view) => ({
			...view,
			layers: layout.layers,
			heads: layout.heads,
			windowCount: windows.length
		})),
		profile,
		loss: lossSum / losses
	};
}

function groupsOf(windows: readonly Window[], size: number): Window[][] {
	return Array.from({ length: Math.ceil(windows.length / size) }, (_, group) =>
		windows.slice(group * size, (group + 1) * size)
	);
}
