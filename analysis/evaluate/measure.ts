import type { TokenComparison } from '../capture/comparison.ts';
import { ForwardPass, type PlannedLayers } from '../capture/forward.ts';
import { LanguageHead } from '../capture/head.ts';
import { allocateSource } from '../capture/layout.ts';
import type { WeightSource } from '../capture/weights.ts';
import type { Reporter } from '../analyze/reporter.ts';
import type { Window } from '../tokens/types.ts';
import type { PreparedEvaluation } from './prepare.ts';

export type Way = 'baseline' | 'shared';

/** Time of all decoder layers on one window. */
export interface LayersTime {
	seconds: number;
	cpuSeconds: number;
}

export interface WindowMeasured {
	window: Window;
	comparison: TokenComparison;
	time: Record<Way, LayersTime>;
}

export interface Measured {
	windows: WindowMeasured[];
	/** Highest resident set seen after a layer of either way, bytes. */
	peakRssBytes: Record<Way, number>;
}

/**
 * Runs every window through the model as it is and as planned, group by group, the ways taking turns at going
 * first, so that warming up and whatever else slows the machine fall on both.
 */
export async function measureWindows(
	prepared: PreparedEvaluation,
	planned: PlannedLayers,
	weights: WeightSource,
	reporter: Reporter
): Promise<Measured> {
	const { checkpoint, layout, memory, windows, work } = prepared;
	const { config } = checkpoint;
	const forward = new ForwardPass(config, layout, weights);
	const head = await LanguageHead.open(config, layout.context, weights);
	const rooms = Array.from({ length: memory.windowsPerGroup }, () =>
		allocateSource(layout, planned.sources)
	);
	const peakRssBytes = { baseline: 0, shared: 0 };
	const measured: WindowMeasured[] = [];

	const run = async (way: Way, group: readonly Window[]) => {
		const options = way === 'shared' ? planned : {};
		const times = group.map(() => ({ seconds: 0, cpuSeconds: 0 }));
		const states = [];
		for (const [index, { ids }] of group.entries()) {
			states.push(await forward.start(ids, way === 'shared' ? rooms[index] : null));
		}
		await forward.run(states, {
			...options,
			onLayer: (layer, window, { seconds, cpuSeconds }) => {
				times[window].seconds += seconds;
				times[window].cpuSeconds += cpuSeconds;
				peakRssBytes[way] = Math.max(peakRssBytes[way], process.memoryUsage.rss());
				const stage = way === 'shared' ? 'layers, sharing' : 'layers';
				reporter.addLayer(work.layer, stage, measured.length + window, layer);
			}
		});
		return { hidden: states.map(({ hidden }) => hidden), times };
	};

	let sharedFirst = false;
	while (measured.length < windows.length) {
		const group = windows.slice(measured.length, measured.length + memory.windowsPerGroup);
		const first = await run(sharedFirst ? 'shared' : 'baseline', group);
		const second = await run(sharedFirst ? 'baseline' : 'shared', group);
		const [baseline, shared] = sharedFirst ? [second, first] : [first, second];
		sharedFirst = !sharedFirst;
		const comparisons = await head.compare(
			group.map(({ ids }, index) => ({
				ids,
				baseline: baseline.hidden[index],
				shared: shared.hidden[index]
			}))
		);
		for (const [index, window] of group.entries()) {
			measured.push({
				window,
				comparison: comparisons[index],
				time: { baseline: baseline.times[index], shared: shared.times[index] }
			});
		}
		reporter.add(group.length * work.head, 'comparing', measured.length);
	}
	await forward.release();
	await head.release();
	return { windows: measured, peakRssBytes };
}
