import type { Reporter } from '../../telemetry/reporter.ts';
import type { Window } from '../../model/tokens/types.ts';
import { drawProbes, recallOf, recallReport, type RecallReport } from '../recall.ts';
import type { ChoicesReport } from './choices/types.ts';
import { checkWindows } from './finite.ts';
import { probeWork, type PreparedEvaluation } from './prepare.ts';
import type { EvaluationRunner, Way } from './source.ts';
import { inTurns, type Compared } from './turns.ts';

export interface Measured {
	windows: Compared<Window>[];
	/** Highest resident set seen after a layer, or a run of the whole model, of either way, bytes. */
	peakRssBytes: Record<Way, number>;
}

/** All that was measured. */
export interface Found {
	measured: Measured;
	recall?: RecallReport;
	choices?: ChoicesReport;
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
	const { model, source, context, memory, windows, work } = prepared;
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
			checkWindows(group, model.path);
			reporter.add(group.length * work.comparison, 'comparing', measured.length);
		}
	} finally {
		await ways.release();
	}
	return { windows: measured, peakRssBytes };
}

/** Runs the probes of in-context recall both ways; null: there are none. Throws InputError where a loss is not finite. */
export async function measureRecall(
	prepared: PreparedEvaluation,
	runner: EvaluationRunner,
	reporter: Reporter
): Promise<RecallReport | null> {
	const { model, memory, probes } = prepared;
	if (probes === null) return null;
	const ways = await runner.ofLength(probes.context);
	const [baseline, planned]: number[][] = [[], []];
	try {
		for await (const group of inTurns(ways, probes.probes, memory.windowsPerGroup)) {
			checkWindows(group, model.path);
			for (const { comparison } of group) {
				baseline.push(recallOf(comparison.baseline, probes.scored));
				planned.push(recallOf(comparison.shared, probes.scored));
			}
			reporter.addTokens(2 * group.length * probes.context);
			reporter.add(group.length * probeWork(prepared), 'recall', baseline.length);
		}
	} finally {
		await ways.release();
	}
	return recallReport(baseline, planned, drawProbes(probes.probes));
}
