import * as v from 'valibot';
import { wholeNumber } from '../../analysis/edge/values.ts';
import { oneFlag } from '../../analysis/measure/flags.ts';
import type { Measurement } from '../../analysis/measure/kind.ts';
import { withKnown, withRequested } from '../../analysis/measure/requested.ts';
import {
	countOf,
	windowFlags,
	windowSettings,
	windowWords
} from '../../analysis/measure/settings.ts';
import { documentFacts } from '../../analysis/model/tokens/documents.ts';

const settings = v.object({
	...windowSettings({ context: 8, windows: 2 }),
	times: v.optional(countOf('times'), 3)
});
type TallySettings = v.InferOutput<typeof settings>;

interface Tally {
	model: { name: string; hash: string };
	texts: { name: string; sha256: string; characters: number }[];
	context: number;
	windows: number;
	characters: number;
}

/** A kind of measurement that is in no list: it counts the characters of the texts, some times over. */
export const tally = {
	kind: 'tally',
	name: 'tally',
	noun: 'a tally',
	key: 'tally',
	takes: ['texts'],
	samples: ['walden'],
	settings,
	flags: {
		...windowFlags(),
		times: oneFlag({ flag: '--times <count>', about: 'how often', parse: wholeNumber(1) })
	},
	help: { about: 'count characters', more: '' },
	extent: ({ context, windows }) => ({ context, windows }),
	extentWords: windowWords,
	estimate: (request) =>
		withKnown(request, ({ notes }) => {
			const { context, windows } = request.settings;
			return Promise.resolve({
				memoryBytes: 1,
				memoryLimitBytes: 2,
				seconds: 3,
				secondsFrom: 'guess' as const,
				context,
				windows,
				windowsPerGroup: 1,
				tokens: context * windows,
				notes: [...notes]
			});
		}),
	run: (request, { onProgress }) =>
		withRequested(request, async (model) => {
			onProgress({
				stage: 'counting',
				layer: null,
				layers: 0,
				window: 0,
				windows: 1,
				fraction: 0.5,
				secondsElapsed: 0,
				secondsLeft: 0,
				rssBytes: 1,
				tokens: 0
			});
			const { times, context, windows } = request.settings;
			const characters = request.documents.reduce((sum, { text }) => sum + text.length, 0);
			return {
				figures: {
					model: { name: model.name, hash: await model.hash(request.home) },
					texts: request.documents.map(documentFacts),
					context,
					windows,
					characters: times * characters
				}
			};
		}),
	figures: v.looseObject({ characters: v.number() }),
	about: ({ model, texts, context, windows }) => ({ model, texts, context, windows }),
	summary: ({ characters }) => `${characters} characters`
} as const satisfies Measurement<TallySettings, Tally>;
