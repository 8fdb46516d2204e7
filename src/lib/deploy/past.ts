import type { ResultSummary } from '$analysis/results/types.ts';
import type { TableValue } from '../table/view.ts';

/** A stored measurement of deployment, in short. */
export type PastBench = ResultSummary & { bench: NonNullable<ResultSummary['bench']> };

/** Past measurements of deployment, in the order of the results. */
export function pastBenches(results: readonly ResultSummary[]): PastBench[] {
	return results.flatMap((result) => {
		const { bench } = result;
		return bench === null ? [] : [{ ...result, bench }];
	});
}

/** "×0.89" */
export function timesText(value: TableValue): string {
	return `×${Number(value).toFixed(2)}`;
}
