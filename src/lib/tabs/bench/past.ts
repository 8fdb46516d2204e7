import type { RatioSpread } from '$analysis/measure/bench/benchTypes.ts';
import type { ResultSummary } from '$analysis/measure/results/types.ts';
import { formatTimes } from '$analysis/text/number.ts';
import type { TableValue } from '../../table/view.ts';

/** A stored measurement of deployment, in short. */
export type PastBench = ResultSummary & { bench: NonNullable<ResultSummary['bench']> };

/** Past measurements of deployment, in the order of the results. */
export function pastBenches(results: readonly ResultSummary[]): PastBench[] {
	return results.flatMap((result) => {
		const { bench } = result;
		return bench === null ? [] : [{ ...result, bench }];
	});
}

/** "×0.89"; "unclear" where the 95% interval contains 1, or rounds are too few for one. */
export function timeRatioText({ median, low, high }: RatioSpread): string {
	const unclear = low == null || high == null || (low <= 1 && high >= 1);
	return unclear ? 'unclear' : timesText(median);
}

/** "×0.89" */
export function timesText(value: TableValue): string {
	return formatTimes(Number(value));
}
