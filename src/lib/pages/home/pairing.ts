import type { RunRecord } from '$analysis/workspace/run/types.ts';

/**
 * The two runs to show side by side: the newest of two models on the same windows of text, else of two
 * models, else any two. The older comes first. `runs` are newest first; null where there is only one.
 */
export function latestPair(runs: readonly RunRecord[]): [RunRecord, RunRecord] | null {
	const comparable = runs.filter(
		({ metrics, views }) => metrics.includes('cosine') && views.includes('all')
	);
	return (
		newestPair(comparable, (a, b) => isOtherModel(a, b) && placesOf(a) === placesOf(b)) ??
		newestPair(comparable, isOtherModel) ??
		newestPair(comparable, () => true)
	);
}

function newestPair(
	runs: readonly RunRecord[],
	fits: (a: RunRecord, b: RunRecord) => boolean
): [RunRecord, RunRecord] | null {
	for (const [place, newer] of runs.entries()) {
		const older = runs.slice(place + 1).find((run) => fits(run, newer));
		if (older !== undefined) return [older, newer];
	}
	return null;
}

function isOtherModel(a: RunRecord, b: RunRecord): boolean {
	return a.model.hash !== b.model.hash;
}

/** Texts, window starts and context: what makes the windows of two runs the same. */
function placesOf({ texts, windows, context }: RunRecord): string {
	const starts = windows.map(({ document, start }) => `${document}:${start}`);
	return JSON.stringify([texts.map(({ sha256 }) => sha256), starts, context]);
}
