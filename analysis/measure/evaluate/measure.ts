import type { Reporter } from '../../telemetry/reporter.ts';
import type { Window } from '../../model/tokens/types.ts';
import { checkWindows } from './finite.ts';
import type { PreparedEvaluation } from './prepare.ts';
import type { EvaluationRunner, Way } from './source.ts';
import { inTurns, type Compared } from './turns.ts';

export interface Measured {
	windows: Compared<Window>[];
	/** Highest resident set seen after a layer, or a run of the whole model, of either way, bytes. */
	peakRssBytes: Record<Way, number>;
}

/**
 * Runs every window through the model as it is and as planned, and compares what both say. Throws InputError where that
 * is not finite.
 */
export async function measureWindows(
	prepared: PreparedEvaluation,
	runner: EvaluationRunner,
	reporter: Reporter
): Promise<Measured> {
	const { source, context, memory, windows, work } = prepared;
	const ways = await runner.ofLength(context);
	const peakRssBytes = { baseline: 0, shared: 0 };
	const measured: Compared<Window>[] = [];
	const onPart = (way: Way, window: number, share: number, layer: number | null): void => {
		peakRssBytes[way] = Math.max(peakRssBytes[way], process.memoryUsage.rss());
		const stage = way === 'shared' ? `${source.timed}, sharing` : source.timed;
		reporter.addTokens(context * share);
		reporter.add(work.way * share, stage, window, layer);
	};
	try {
		for await (const group of inTurns(ways, windows, memory.windowsPerGroup, onPart)) {
			measured.push(...group);
			checkWindows(group, source.folder);
			reporter.add(group.length * work.comparison, 'comparing', measured.length);
		}
	} finally {
		await ways.release();
	}
	return { windows: measured, peakRssBytes };
}
