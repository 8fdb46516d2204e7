import { savings, type SavingsFacts, type SavingsSetting } from './savings.ts';
import type { Sources } from './types.ts';

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

/** What an axis is called on screen and in sentences: "12.5% of the KV cache". */
export const AXIS_NAMES: Readonly<Record<SavingAxis, string>> = {
	kCache: 'K cache',
	kvCache: 'KV cache',
	parameters: 'parameters',
	prefillFlops: 'prefill FLOPs',
	decodeBytes: 'decode bytes'
};

/** What a plan saves on every axis, as a share of the whole, 0 to 1; predicted. Throws as `savings` does. */
export function savedShares(
	model: SavingsFacts,
	sources: Sources,
	setting: SavingsSetting
): Record<SavingAxis, number> {
	const { kCache, parameters, prefill, decode } = savings(model, sources, setting);
	return {
		kCache: kCache.shareOfK,
		kvCache: kCache.shareOfKv,
		parameters: parameters.share,
		prefillFlops: prefill.share,
		decodeBytes: decode.share
	};
}

/** Per layer, the share of the whole that it saves by itself. */
export interface SavedPerLayer {
	/** [L]: where it follows; 0 for layer 0, which has none to follow. */
	share: number[];
	/** [L]: where it is dropped. */
	drop: number[];
}

/**
 * What each layer saves on an axis, whatever the others do: on every axis a plan saves the sum over its
 * layers. Throws InputError where the setting is not positive.
 */
export function savedPerLayer(
	model: SavingsFacts,
	setting: SavingsSetting,
	axis: SavingAxis
): SavedPerLayer {
	const kept: Sources = Array.from({ length: model.layers }, (_, layer) => layer);
	const saved = (layer: number, source: number | null) =>
		savedShares(model, kept.with(layer, source), setting)[axis];
	return {
		share: kept.map((_, layer) => (layer === 0 ? 0 : saved(layer, layer - 1))),
		drop: kept.map((_, layer) => saved(layer, null))
	};
}
