import * as v from 'valibot';
import { wholeNumber } from '../../edge/values.ts';
import { oneFlag, type FlagTable } from '../flags.ts';
import { countOf, recallFlags, recallSettings, windowFlags, windowSettings } from '../settings.ts';
import { planTorchFlags, torchSetting } from '../torchFlags.ts';
import { DAMAGE_DEFAULTS } from './defaults.ts';

/** A source and a follower. */
const LEAST_SPAN = 2;

/** Schema of a damage map's settings. */
export const damageSettings = v.object({
	...windowSettings(DAMAGE_DEFAULTS),
	/** Layers of the longest span, source included. */
	maxSpan: v.optional(countOf('maxSpan'), DAMAGE_DEFAULTS.maxSpan),
	...recallSettings,
	torch: torchSetting
});
export type DamageSettings = v.InferOutput<typeof damageSettings>;

export const damageFlags: FlagTable<DamageSettings> = {
	...windowFlags(),
	maxSpan: oneFlag({
		flag: '--max-span <layers>',
		about: 'layers of the longest span, source included',
		parse: wholeNumber(LEAST_SPAN)
	}),
	...recallFlags,
	torch: planTorchFlags
};
