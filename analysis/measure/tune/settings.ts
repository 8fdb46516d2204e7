import * as v from 'valibot';
import { anyNumber, fraction, wholeNumber } from '../../edge/values.ts';
import { TORCH_DEVICES, TORCH_DTYPES } from '../../engine/torchSettings.ts';
import { InputError } from '../../errors.ts';
import { parsePlan } from '../../plan/planFile.ts';
import { oneFlag, type FlagTable, type SettingFlags } from '../flags.ts';
import { countOf, parsedBy, windowFlags, windowSettings } from '../settings.ts';
import { DEVICES_ALLOWED, torchDevices } from '../torchFlags.ts';
import { TUNE_DEFAULTS } from './defaults.ts';

const MAX_SEED = 2 ** 31 - 1;

/** Schema of the settings of `spanwise tune`. */
export const tuneSettings = v.object({
	...windowSettings(TUNE_DEFAULTS),
	plan: parsedBy('plan', parsePlan),
	steps: v.optional(countOf('steps'), TUNE_DEFAULTS.steps),
	/** Windows of a step. */
	batch: v.optional(countOf('batch'), TUNE_DEFAULTS.batch),
	/** null: the default of what is trained. */
	learningRate: v.optional(
		v.nullable(v.pipe(v.number(), v.gtValue(0, 'learningRate must be above 0'), v.maxValue(1))),
		null
	),
	/** Weight of the KL divergence from the untouched model, 0 to 1; the rest is cross-entropy on the text. */
	distill: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1)), TUNE_DEFAULTS.distill),
	/** Rank of adapters; null: all weights are trained. */
	lora: v.optional(v.nullable(countOf('lora')), null),
	/** Looks at held-out text without a better loss after which tuning stops. */
	patience: v.optional(countOf('patience'), TUNE_DEFAULTS.patience),
	seed: v.optional(
		v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_SEED)),
		TUNE_DEFAULTS.seed
	),
	/** True if the control and the rival are tuned too. */
	compare: v.optional(v.boolean(), TUNE_DEFAULTS.compare),
	device: v.optional(
		v.pipe(v.string(), v.regex(TORCH_DEVICES, DEVICES_ALLOWED)),
		TUNE_DEFAULTS.device
	),
	/** Of products; weights and sums are float32. */
	dtype: v.optional(v.picklist(TORCH_DTYPES), TUNE_DEFAULTS.dtype)
});
export type TuneSettings = v.InferOutput<typeof tuneSettings>;

const compareFlag: SettingFlags<boolean> = {
	flags: [
		{
			flag: '--compare <on|off>',
			about: 'tune the untouched model and a plan that drops as much alike (default: on)',
			choices: ['on', 'off']
		}
	],
	read: ([value]) => (value === undefined ? undefined : value === 'on'),
	write: (compare) => (compare ? [] : ['--compare', 'off'])
};

export const tuneFlags: FlagTable<TuneSettings> = {
	...windowFlags('held-out windows that figures are made of'),
	steps: oneFlag({ flag: '--steps <count>', about: 'steps at most', parse: wholeNumber(1) }),
	batch: oneFlag({ flag: '--batch <windows>', about: 'windows of a step', parse: wholeNumber(1) }),
	learningRate: oneFlag({
		flag: '--learning-rate <rate>',
		about: `highest rate (default: ${TUNE_DEFAULTS.learningRate}; with --lora ${TUNE_DEFAULTS.adapterLearningRate})`,
		parse: positive
	}),
	distill: oneFlag({
		flag: '--distill <weight>',
		about:
			'1: KL divergence from the untouched model; 0: cross-entropy on the text; between: a mixture',
		parse: fraction
	}),
	lora: oneFlag({
		flag: '--lora <rank>',
		about: 'train adapters of this rank, merged in the end (default: all weights)',
		parse: wholeNumber(1)
	}),
	patience: oneFlag({
		flag: '--patience <looks>',
		about: 'looks at held-out text, ten in all, without a better loss after which it stops',
		parse: wholeNumber(1)
	}),
	seed: oneFlag({
		flag: '--seed <number>',
		about: 'of the order of windows',
		parse: wholeNumber(0)
	}),
	compare: compareFlag,
	device: oneFlag(
		{
			flag: '--device <name>',
			about: 'cpu, cuda, cuda:1, mps; cuda:all holds the model in parts on all GPUs',
			parse: torchDevices
		},
		TUNE_DEFAULTS.device
	),
	dtype: oneFlag<TuneSettings['dtype']>(
		{
			flag: '--dtype <type>',
			about: `of products: ${TORCH_DTYPES.join(', ')} (default: float32); weights stay float32`,
			choices: TORCH_DTYPES
		},
		TUNE_DEFAULTS.dtype
	)
};

function positive(text: string): number {
	const value = anyNumber(text);
	if (value > 0 && value <= 1) return value;
	throw new InputError('expected a rate above 0 and at most 1, such as 1e-4');
}
