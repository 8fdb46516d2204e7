import * as v from 'valibot';
import { anyNumber, fraction } from '../../edge/values.ts';
import { parsePlan } from '../../plan/planFile.ts';
import { longFlag, type Flag, type FlagTable } from '../flags.ts';
import { parsedBy, recallFlag, recallSetting, windowFlags, windowSettings } from '../settings.ts';
import { EVALUATE_DEFAULTS } from './defaults.ts';
import { parseGates } from './gates.ts';
import type { Gates } from './types.ts';

/** What a plan is evaluated with. */
export const evaluateSettings = v.object({
	...windowSettings(EVALUATE_DEFAULTS),
	plan: parsedBy('plan', parsePlan),
	gates: v.optional(parsedBy('gates', parseGates), {}),
	recall: recallSetting
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
		flag: '--min-agreement <share>',
		about: 'gate: least agreement, 0 to 1',
		parse: fraction
	},
	{
		gate: 'maxAccuracyDrop',
		flag: '--max-accuracy-drop <share>',
		about: 'gate: most accuracy that may be lost',
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
	recall: recallFlag
};
