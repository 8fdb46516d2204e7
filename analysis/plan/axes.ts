import { savings, type SavingsFacts, type SavingsSetting } from './savings.ts';
import type { Sources } from './types.ts';

/**
 * Names of the quantities that savings are counted in. `kCache`: of the K cache alone; `kvCache`: of K and V together,
 * in which a follower saves its K and a dropped layer saves both; the others are those of `Savings`.
 */
export const SAVING_AXES = [
	'kCache',
	'kvCache',
	'parameters',
	'prefillFlops',
	'decodeBytes'
] as const;
export type SavingAxis = (typeof SAVING_AXES)[number];

/** Names of the axes on screen and in sentences: "12.5% of the KV cache". */
export const AXIS_NAMES: Readonly<Record<SavingAxis, string>> = {
	kCache: 'K cache',
	kvCache: 'KV cache',
	parameters: 'parameters',
	prefillFlops: 'prefill FLOPs',
	decodeBytes: 'decode bytes'
};

/** Computes a plan's predicted savings on every axis, as fractions of the whole, 0 to 1. Throws as `savings` does. */
export function savedFractions(
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

/** Per layer, the fraction of the whole that it saves by itself. */
export interface SavedPerLayer {
	/** [L]: where it follows; 0 for layer 0, which has none to follow. */
	share: number[];
	/** [L]: where it is dropped. */
	drop: number[];
}

/**
 * Computes the saving of each layer on an axis, whatever the others do: on every axis a plan saves the sum over its
 * layers. Throws InputError where the setting is not positive.
 */
export function savedPerLayer(
	model: SavingsFacts,
	setting: SavingsSetting,
	axis: SavingAxis
): SavedPerLayer {
	const kept: Sources = Array.from({ length: model.layers }, (_, layer) => layer);
	const saved = (layer: number, source: number | null) =>
		savedFractions(model, kept.with(layer, source), setting)[axis];
	return {
		share: kept.map((_, layer) => (layer === 0 ? 0 : saved(layer, layer - 1))),
		drop: kept.map((_, layer) => saved(layer, null))
	};
}
