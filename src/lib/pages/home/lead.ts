import type { ModelListing } from '$analysis/model/checkpoint/types.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';

/**
 * The run that the first screen asks its question about: the newest of a model of the user's own; where all are of
 * bundled models, the newest of the first of these. `runs` are newest first; null where there are none.
 */
export function leadRun(
	runs: readonly RunRecord[],
	models: readonly ModelListing[]
): RunRecord | null {
	const bundled = models.flatMap(({ origin, folder }) => (origin === 'bundled' ? [folder] : []));
	const own = runs.find(({ model }) => !bundled.includes(model.folder));
	const example = runs.find(({ model }) => model.folder === bundled.at(0));
	return own ?? example ?? runs.at(0) ?? null;
}
