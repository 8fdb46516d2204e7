import type { Reporter } from '../analyze/reporter.ts';
import { InputError } from '../errors.ts';
import type { Window } from '../tokens/types.ts';
import type { PreparedEvaluation } from './prepare.ts';
import type { EvaluationRunner, Way } from './source.ts';
import { inTurns, type Compared } from './turns.ts';

export interface Measured {
	windows: Compared<Window>[];
	/** Highest resident set seen after a layer, or a run of the whole model, of either way, bytes. */
	peakRssBytes: Record<Way, number>;
}

/** Runs every window through the model as it is and as planned, and compares what both say. */
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
	for await (const group of inTurns(ways, windows, memory.windowsPerGroup, onPart)) {
		measured.push(...group);
		checkFinite(group, source.folder);
		reporter.add(group.length * work.comparison, 'comparing', measured.length);
	}
	await ways.release();
	return { windows: measured, peakRssBytes };
}

/** One value that is not a number makes all that is computed from it none. */
function checkFinite(group: readonly Compared<Window>[], folder: string): void {
	for (const { comparison } of group) {
		for (const way of ['baseline', 'shared'] as const) {
			const loss = comparison[way].find((value) => !Number.isFinite(value));
			if (loss === undefined) continue;
			const words = way === 'baseline' ? 'as it is' : 'as planned';
			throw new InputError(
				`${folder}: ${words}, the loss is ${loss}; expected a number: a weight is NaN or infinite, or the model overflows its type`
			);
		}
	}
}
