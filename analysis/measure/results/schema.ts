import * as v from 'valibot';
import { parseOrNull } from '../../edge/parse.ts';
import { telemetrySchema } from '../../telemetry/schema.ts';
import { resultKinds } from '../lookup.ts';
import type { StoredResult } from './types.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const planned = v.looseObject({ sources: v.array(v.nullable(count)) });

/** Of each kind its figures under their key, and the plan where it takes one. */
const resultForm = v.lazy(() =>
	v.union(
		resultKinds().map(({ kind, key, figures, takes }): v.GenericSchema => {
			const entries: v.ObjectEntries = {
				kind: v.literal(kind),
				...(takes.includes('plan') && { plan: planned }),
				[key]: figures
			};
			return v.object(entries);
		})
	)
);

const nouns = () =>
	resultKinds()
		.map(({ noun }) => noun)
		.join(', ')
		.replace(/, ([^,]*)$/, ' or $1');

/** The form of result.json. The figures are those of the version that made them, and only lightly looked at. */
export const resultSchema: v.GenericSchema<unknown, StoredResult> = v.object({
	format: v.literal('spanwise/result'),
	version: v.literal(1),
	id: v.string(),
	createdAt: v.pipe(v.string(), v.isoTimestamp()),
	spanwise: v.string(),
	model: v.object({
		name: v.string(),
		hash: v.string(),
		tokenizerHash: v.exactOptional(v.string())
	}),
	texts: v.array(v.object({ name: v.string(), sha256: v.string(), characters: count })),
	context: count,
	windows: count,
	command: v.string(),
	telemetry: v.nullable(telemetrySchema),
	result: v.custom<StoredResult['result']>(
		(value) => parseOrNull(resultForm, value) !== null,
		({ received }) => `found ${received}; expected the figures of ${nouns()}`
	),
	checksum: v.exactOptional(v.string())
});
