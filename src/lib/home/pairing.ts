import type { RunRecord } from '$analysis/run/types.ts';

/**
 * The two runs that a newcomer wants to see side by side: the newest, and the newest other one of another
 * model on the same windows of text, else of another model, else any. The older comes first. `runs` are
 * newest first; null where there is only one.
 */
export function latestPair(runs: readonly RunRecord[]): [RunRecord, RunRecord] | null {
	const comparable = runs.filter(
		({ metrics, views }) => metrics.includes('cosine') && views.includes('all')
	);
	const [newest, ...others] = comparable;
	const other =
		others.find((run) => isOtherModel(run, newest) && placesOf(run) === placesOf(newest)) ??
		others.find((run) => isOtherModel(run, newest)) ??
		others.at(0);
	return other === undefined ? null : [other, newest];
}

function isOtherModel(a: RunRecord, b: RunRecord): boolean {
	return a.model.hash !== b.model.hash;
}

/** Texts, window starts and context: what makes the windows of two runs the same. */
function placesOf({ texts, windows, context }: RunRecord): string {
	const starts = windows.map(({ document, start }) => `${document}:${start}`);
	return JSON.stringify([texts.map(({ sha256 }) => sha256), starts, context]);
}
