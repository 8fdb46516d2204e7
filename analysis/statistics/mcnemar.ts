/**
 * Two-sided p of McNemar's exact test: of the `onlyFirst + onlySecond` questions that one model alone answers
 * rightly, each is as likely the one's as the other's. p = min(1, 2·P(X ≤ the smaller)), X binomial with ½.
 */
export function mcnemarExact(onlyFirst: number, onlySecond: number): number {
	const n = onlyFirst + onlySecond;
	const smaller = Math.min(onlyFirst, onlySecond);
	let logTerm = -n * Math.LN2;
	let tail = 0;
	for (let k = 0; k <= smaller; k++) {
		if (k > 0) logTerm += Math.log((n - k + 1) / k);
		tail += Math.exp(logTerm);
	}
	return Math.min(1, 2 * tail);
}
