import type { Reporter } from '../../telemetry/reporter.ts';
import type { Window } from '../../model/tokens/types.ts';
import { drawProbes, recallOf, recallReport, type RecallReport } from '../recall.ts';
import type { ChoicesReport } from '../choices/types.ts';
import type { ProbeReport } from './probes/types.ts';
import { checkWindows } from './finite.ts';
import { probeWork, type PreparedEvaluation } from './prepare.ts';
import type { Compared, Comparison, Way } from '../../engine/ways.ts';

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
	probes?: ProbeReport[];
}

/**
 * Runs every window through the model without and with the plan, and compares what both say. Throws InputError where that
 * is not finite.
 */
export async function measureWindows(
	prepared: PreparedEvaluation,
	comparison: Comparison,
	reporter: Reporter
): Promise<Measured> {
	const { model, timed, context, windows, work } = prepared;
	const peakRssBytes = { baseline: 0, shared: 0 };
	const measured: Compared<Window>[] = [];
	const onPart = (way: Way, window: number, share: number, layer: number | null): void => {
		peakRssBytes[way] = Math.max(peakRssBytes[way], process.memoryUsage.rss());
		const stage = way === 'shared' ? `${timed}, sharing` : timed;
		reporter.addTokens(context * share);
		reporter.add(work.way * share, stage, window, layer);
	};
	for await (const group of comparison.windows(windows, onPart)) {
		const first = measured.length;
		checkWindows(group, model.path, (index) => `window ${first + index}`);
		measured.push(...group);
		reporter.add(group.length * work.comparison, 'comparing', measured.length);
	}
	return { windows: measured, peakRssBytes };
}

/** Runs the probes of in-context recall both ways; null: there are none. Throws InputError where a loss is not finite. */
export async function measureRecall(
	prepared: PreparedEvaluation,
	comparison: Comparison,
	reporter: Reporter
): Promise<RecallReport | null> {
	const { model, probes } = prepared;
	if (probes === null) return null;
	const [baseline, planned]: number[][] = [[], []];
	for await (const group of comparison.windows(probes.probes)) {
		const first = baseline.length;
		checkWindows(group, model.path, (index) => `recall probe ${first + index}`);
		for (const { comparison: said } of group) {
			baseline.push(recallOf(said.baseline, probes.scored));
			planned.push(recallOf(said.shared, probes.scored));
		}
		reporter.addTokens(2 * group.length * probes.context);
		reporter.add(group.length * probeWork(prepared), 'recall', baseline.length);
	}
	return recallReport(baseline, planned, drawProbes(probes.probes));
}
