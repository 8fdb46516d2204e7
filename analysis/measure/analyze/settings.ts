import * as v from 'valibot';
import { boundedArray } from '../../edge/parse.ts';
import { listOf, wholeNumber } from '../../edge/values.ts';
import { METRICS, VIEWS } from '../../similarity/types.ts';
import { oneFlag, type FlagTable } from '../flags.ts';
import { countOf, recallFlag, recallSetting, windowFlags, windowSettings } from '../settings.ts';
import {
	deviceFlag,
	deviceSetting,
	dtypeFlag,
	dtypeSetting,
	torchFlags,
	torchSetting
} from '../torchFlags.ts';
import { DEFAULT_CONTEXT, DEFAULT_JS_ROWS, DEFAULT_WINDOWS } from './defaults.ts';

const someOf = <const Name extends string>(names: readonly Name[]) =>
	v.pipe(boundedArray(v.picklist(names), names.length), v.minLength(1));

/** Schema of the settings of an analysis, with their defaults. */
export const analyzeSettings = v.object({
	...windowSettings({ context: DEFAULT_CONTEXT, windows: DEFAULT_WINDOWS }),
	metrics: v.optional(someOf(METRICS), [...METRICS]),
	views: v.optional(someOf(VIEWS), [...VIEWS]),
	/** Queries per window that js looks at. */
	jsRows: v.optional(v.union([countOf('jsRows'), v.literal('all')]), DEFAULT_JS_ROWS),
	recall: recallSetting,
	torch: torchSetting,
	device: deviceSetting,
	dtype: dtypeSetting
});
export type AnalyzeSettings = v.InferOutput<typeof analyzeSettings>;

const someFlag = <Name extends string>(option: string, names: readonly Name[]) =>
	oneFlag(
		{
			flag: `${option} <list>`,
			about: `some of ${names.join(',')}`,
			parse: listOf(names),
			defaultWords: 'all'
		},
		[...names]
	);

export const analyzeFlags: FlagTable<AnalyzeSettings> = {
	...windowFlags(),
	metrics: someFlag('--metrics', METRICS),
	views: someFlag('--views', VIEWS),
	jsRows: oneFlag<number | 'all'>(
		{
			flag: '--js-rows <count>',
			about: 'queries per window that js looks at, or all',
			parse: (text) => (text === 'all' ? 'all' : wholeNumber(1)(text))
		},
		DEFAULT_JS_ROWS
	),
	recall: recallFlag,
	torch: torchFlags,
	device: deviceFlag,
	dtype: dtypeFlag
};
