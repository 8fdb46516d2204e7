import type { ResultSummary } from '$analysis/measure/results/types.ts';

/** A stored tuning, in short. */
export type PastTune = ResultSummary & { tune: NonNullable<ResultSummary['tune']> };

/** Past tunings, in the order of the results. */
export function pastTunes(results: readonly ResultSummary[]): PastTune[] {
	return results.flatMap((result) => {
		const { tune } = result;
		return tune === null ? [] : [{ ...result, tune }];
	});
}
