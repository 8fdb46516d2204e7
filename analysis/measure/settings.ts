/** Parts of the kinds' settings. */
import * as v from 'valibot';
import { wholeNumber } from '../edge/values.ts';
import { isInputError } from '../errors.ts';
import { PROBE_TOKENS } from '../model/tokens/probes.ts';
import { RECALL_DEFAULT, RECALL_TOKENS } from './recallSetting.ts';
import { oneFlag, type SettingFlags } from './flags.ts';

const MAX_COUNT = 1_000_000;
/** Each is a line of run.json, which has a bound: see MAX_RECORD_BYTES. */
const MAX_WINDOWS = 50_000;

/** A whole number of at least 1, or of `least`, that the user gave. */
export const countOf = (what: string, most = MAX_COUNT, least = 1) =>
	v.pipe(
		v.number(`${what} must be a number`),
		v.integer(`${what} must be a whole number`),
		v.minValue(least, `${what} must be at least ${least}`),
		v.maxValue(most, `${what} must be at most ${most}`)
	);

/** Returns a schema that applies `parse` to the setting `key`; an InputError's message, less the key, is the issue. */
export function parsedBy<Value>(
	key: string,
	parse: (value: unknown, where: string) => Value
): v.GenericSchema<unknown, Value> {
	return v.pipe(
		v.unknown(),
		v.rawTransform(({ dataset, addIssue, NEVER }) => {
			try {
				return parse(dataset.value, key);
			} catch (error) {
				if (!isInputError(error)) throw error;
				addIssue({ message: error.message.replace(`${key}: `, '') });
				return NEVER;
			}
		})
	);
}

/** Tokens of a window and number of windows, which every reading of texts has. */
export const windowSettings = ({ context, windows }: { context: number; windows: number }) => ({
	context: v.optional(countOf('context'), context),
	windows: v.optional(countOf('windows', MAX_WINDOWS), windows)
});

/** The options of `windowSettings`. */
export const windowFlags = (windows = 'windows of text') => ({
	context: oneFlag({
		flag: '--context <tokens>',
		about: 'tokens in a window',
		parse: wholeNumber(1)
	}),
	windows: oneFlag({ flag: '--windows <count>', about: windows, parse: wholeNumber(1) })
});

/** Setting of in-context recall: true if it is measured too. */
export const recallSetting = v.optional(v.boolean(), RECALL_DEFAULT);

/** The option of `recallSetting`. */
export const recallFlag: SettingFlags<boolean> = {
	flags: [
		{
			flag: '--recall <on|off>',
			about: 'measure in-context recall too: loss on a passage that comes again (default: on)',
			choices: ['on', 'off']
		}
	],
	read: ([value]) => (value === undefined ? undefined : value === 'on'),
	write: (recall) => (recall ? [] : ['--recall', 'off'])
};

/** Settings of in-context recall: true if it is measured, and the tokens of a probe. */
export const recallSettings = {
	recall: recallSetting,
	recallTokens: v.optional(
		countOf('recallTokens', RECALL_TOKENS.most, RECALL_TOKENS.least),
		PROBE_TOKENS
	)
};

/** The options of `recallSettings`. */
export const recallFlags = {
	recall: recallFlag,
	recallTokens: oneFlag(
		{
			flag: '--recall-tokens <tokens>',
			about: 'tokens of a recall probe, whose first quarter comes again at its end',
			parse: wholeNumber(RECALL_TOKENS.least)
		},
		PROBE_TOKENS
	)
};

/** "8 × 512 tokens of walden" */
export function windowWords(
	{ context, windows }: { context: number; windows: number },
	texts: readonly string[]
): string {
	return `${windows} × ${context} tokens of ${texts.join(', ')}`;
}

/** Figures that are shown at once; what lies deeper is taken as it was written. */
export const report = <Entries extends v.ObjectEntries>(entries: Entries) => v.looseObject(entries);
export const list = v.array(v.unknown());
