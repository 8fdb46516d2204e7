import * as v from 'valibot';
import { anyNumber, fraction, wholeNumber } from '../../edge/values.ts';
import { parsePlan } from '../../plan/planFile.ts';
import { longFlag, type Flag, type FlagTable } from '../flags.ts';
import { parsedBy, recallFlags, recallSettings, windowFlags, windowSettings } from '../settings.ts';
import { planTorchFlags, torchSetting } from '../torchFlags.ts';
import { EVALUATE_DEFAULTS } from './defaults.ts';
import { parseGates } from './gates.ts';
import { MOST_LENGTHS, PROBE_LENGTHS } from './probes/setting.ts';
import type { Gates } from './types.ts';

const { least, most } = PROBE_LENGTHS;
const LENGTH = `probes must have ${least} to ${most} tokens`;

/** Schema of an evaluation's settings. */
export const evaluateSettings = v.object({
	...windowSettings(EVALUATE_DEFAULTS),
	plan: parsedBy('plan', parsePlan),
	gates: v.optional(parsedBy('gates', parseGates), {}),
	...recallSettings,
	torch: torchSetting,
	probes: v.optional(
		v.pipe(
			v.array(
				v.pipe(v.number(), v.integer(LENGTH), v.minValue(least, LENGTH), v.maxValue(most, LENGTH))
			),
			v.maxLength(MOST_LENGTHS, `probes have at most ${MOST_LENGTHS} lengths`)
		),
		[]
	)
});
export type EvaluateSettings = v.InferOutput<typeof evaluateSettings>;

const GATES: readonly (Flag & { gate: keyof Gates })[] = [
	{
		gate: 'maxLossIncrease',
		flag: '--max-loss-increase <nats>',
		about: 'gate: most loss a token may gain',
		parse: anyNumber
	},
	{
		gate: 'minAgreement',
		flag: '--min-agreement <fraction>',
		about: 'gate: least agreement, 0 to 1',
		parse: fraction
	},
	{
		gate: 'maxAccuracyDrop',
		flag: '--max-accuracy-drop <fraction>',
		about: 'gate: most accuracy that may be lost',
		parse: fraction
	},
	{
		gate: 'maxProbeDrop',
		flag: '--max-probe-drop <fraction>',
		about: 'gate: most accuracy that long in-context probes may lose, each task and length',
		parse: fraction
	}
];

export const evaluateFlags: FlagTable<EvaluateSettings> = {
	...windowFlags(),
	gates: {
		flags: GATES,
		read: (values) =>
			Object.fromEntries(
				GATES.flatMap(({ gate }, index) =>
					values[index] === undefined ? [] : [[gate, values[index]]]
				)
			),
		write: (gates) =>
			GATES.flatMap(({ gate, flag }) => {
				const value = gates[gate];
				return value === undefined ? [] : [longFlag(flag), `${value}`];
			})
	},
	...recallFlags,
	torch: planTorchFlags,
	probes: {
		flags: [
			{
				flag: '--probes <lengths>',
				about: `ask long in-context probes of these tokens too, ${least} to ${most}: 512,2048`,
				defaultWords: 'none',
				parse: (text) => text.split(',').map((part) => wholeNumber(1)(part))
			}
		],
		read: ([value]) => value as number[] | undefined,
		write: (lengths) => (lengths.length === 0 ? [] : ['--probes', lengths.join(',')])
	}
};
