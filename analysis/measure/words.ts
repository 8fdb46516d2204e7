/** A loss added, with its sign and in three digits: "+0.213". */
export function signed(value: number): string {
	return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}
