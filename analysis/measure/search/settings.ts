import * as v from 'valibot';
import { boundedArray } from '../../edge/parse.ts';
import { anyNumber, fraction, layerList, wholeNumber } from '../../edge/values.ts';
import { InputError } from '../../errors.ts';
import { SAVING_AXES, type SavingAxis } from '../../plan/axes.ts';
import { exactlyOne, oneFlag, switchFlag, type FlagTable, type SettingFlags } from '../flags.ts';
import { countOf, recallFlags, recallSettings, windowFlags, windowSettings } from '../settings.ts';
import { planTorchFlags, torchSetting } from '../torchFlags.ts';
import { SEARCH_DEFAULTS } from './defaults.ts';
import type { SearchGoal } from './types.ts';

const MAX_LAYERS = 1000;
/** A source and a follower. */
const LEAST_SPAN = 2;

const layer = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_LAYERS));
/** A number that is one: JSON has 1e999. */
const amount = v.pipe(v.number(), v.finite());

/** Schema of a search's goal; whether the model can reach it is checked with the model. */
const goalSchema: v.GenericSchema<SearchGoal> = v.variant('kind', [
	v.strictObject({ kind: v.literal('followers'), followers: amount }),
	v.strictObject({ kind: v.literal('save'), axis: v.picklist(SAVING_AXES), share: amount }),
	v.strictObject({ kind: v.literal('loss'), maxLossIncrease: amount })
]);

/** Schema of a search's settings. */
export const searchSettings = v.object({
	...windowSettings(SEARCH_DEFAULTS),
	goal: goalSchema,
	/** Layers of the longest span, source included. */
	maxSpan: v.optional(countOf('maxSpan'), SEARCH_DEFAULTS.maxSpan),
	protectedLayers: v.optional(boundedArray(layer, MAX_LAYERS), [
		...SEARCH_DEFAULTS.protectedLayers
	]),
	repair: v.optional(v.boolean(), SEARCH_DEFAULTS.repair),
	randomPlans: v.optional(
		v.pipe(v.number(), v.integer(), v.minValue(0)),
		SEARCH_DEFAULTS.randomPlans
	),
	...recallSettings,
	/** The most recall increase of a plan that is proposed, nats/token. */
	maxRecallIncrease: v.optional(
		v.pipe(v.number(), v.finite(), v.minValue(0)),
		SEARCH_DEFAULTS.maxRecallIncrease
	),
	/** The most accuracy that a plan may lose, a fraction; null: the default where questions are asked. */
	maxAccuracyDrop: v.optional(v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(1))), null),
	/** Measure only so many spans; null: all. */
	shortlist: v.optional(v.nullable(countOf('shortlist')), null),
	/** Measure everything on all windows instead of letting drops, spans, steps and random plans race. */
	exhaustive: v.optional(v.boolean(), false),
	torch: torchSetting
});
export type SearchSettings = v.InferOutput<typeof searchSettings>;

/** "kCache=12%" or "kCache=0.12". */
function saving(text: string): { axis: SavingAxis; share: number } {
	const [, name, number, percent] =
		/^(\w+)=(\d+(?:\.\d+)?)(%?)$/.exec(text.replaceAll(' ', '')) ?? [];
	const axis = SAVING_AXES.find((each) => each === name);
	if (axis === undefined) {
		throw new InputError(
			`expected an axis and a fraction, such as kCache=12%; axes: ${SAVING_AXES.join(', ')}`
		);
	}
	const share = Number(number) / (percent === '' ? 1 : 100);
	if (!(share > 0 && share <= 1)) {
		throw new InputError(`found ${number}${percent}; allowed: more than 0%, at most 100%`);
	}
	return { axis, share };
}

const goalFlags: SettingFlags<SearchGoal> = {
	flags: [
		{
			flag: '--followers <count>',
			about: 'goal: save what so many followers save',
			parse: wholeNumber(1)
		},
		{ flag: '--save <axis=fraction>', about: 'goal: save so much, e.g. kCache=12%', parse: saving },
		{
			flag: '--max-loss-increase <nats>',
			about: 'goal: save most for so much loss',
			parse: anyNumber
		}
	],
	read: ([followers, save, maxLossIncrease]) =>
		exactlyOne<SearchGoal>(
			'goal',
			['--followers', '--save', '--max-loss-increase'],
			[
				typeof followers === 'number' ? { kind: 'followers', followers } : undefined,
				save === undefined ? undefined : { kind: 'save', ...(save as ReturnType<typeof saving>) },
				typeof maxLossIncrease === 'number' ? { kind: 'loss', maxLossIncrease } : undefined
			]
		),
	write(goal) {
		switch (goal.kind) {
			case 'followers':
				return ['--followers', `${goal.followers}`];
			case 'save':
				return ['--save', `${goal.axis}=${Number((goal.share * 100).toPrecision(12))}%`];
			case 'loss':
				return ['--max-loss-increase', `${goal.maxLossIncrease}`];
		}
	}
};

export const searchFlags: FlagTable<SearchSettings> = {
	...windowFlags('windows of each part'),
	goal: goalFlags,
	maxSpan: oneFlag({
		flag: '--max-span <layers>',
		about: 'layers of the longest span, source included',
		parse: wholeNumber(LEAST_SPAN)
	}),
	protectedLayers: oneFlag<number[]>(
		{
			flag: '--protect <layers>',
			about: 'layers that stay as they are, e.g. 0,15',
			parse: layerList
		},
		[]
	),
	repair: switchFlag({
		flag: '--repair',
		about: 'measure plans with refitted output projections as well'
	}),
	randomPlans: oneFlag(
		{ flag: '--random <count>', about: 'random plans to compare with', parse: wholeNumber(0) },
		SEARCH_DEFAULTS.randomPlans
	),
	...recallFlags,
	maxRecallIncrease: oneFlag(
		{
			flag: '--max-recall-increase <nats>',
			about: 'most recall increase of the plan: loss on a passage that comes again',
			parse: anyNumber
		},
		SEARCH_DEFAULTS.maxRecallIncrease
	),
	maxAccuracyDrop: oneFlag({
		flag: '--max-accuracy-drop <fraction>',
		about: `most accuracy that the plan may lose on the questions of --choices, 0 to 1 (default: ${SEARCH_DEFAULTS.maxAccuracyDrop})`,
		parse: fraction
	}),
	shortlist: oneFlag({
		flag: '--shortlist <spans>',
		about: 'measure only so many spans, the cheapest by drop damage × output error',
		parse: wholeNumber(1)
	}),
	exhaustive: switchFlag({
		flag: '--exhaustive',
		about: 'measure every drop, span and random plan on all windows'
	}),
	torch: planTorchFlags
};
