/** ln Σ e^x of logits whose highest is `highest` and whose Σ e^(x − highest) is `sum`; see graph/logSum.ts. */
export function logSum(highest: number, sum: number): number {
	return highest + Math.log(sum);
}

/** ln(eᵃ + eᵇ) without overflow; NaN where either is. */
export function logAddExp(a: number, b: number): number {
	const high = Math.max(a, b);
	const low = Math.min(a, b);
	return low === -Infinity ? high : high + Math.log1p(Math.exp(low - high));
}
