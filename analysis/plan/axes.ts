/**
 * What savings are counted in. `kCache`: of the K cache alone; `kvCache`: of K and V together, in which a layer
 * that follows saves its K and one that is left out saves both; the others are those of `Savings`.
 */
export const SAVING_AXES = [
	'kCache',
	'kvCache',
	'parameters',
	'prefillFlops',
	'decodeBytes'
] as const;
export type SavingAxis = (typeof SAVING_AXES)[number];
