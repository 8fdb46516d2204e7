import * as v from 'valibot';
import { METRICS } from '$analysis/similarity/types.ts';
import type { NewAnalysis, TextChoice } from '$lib/api.ts';

const MAX_MODELS = 16;
const MAX_DOCUMENTS = 64;
const MAX_NAME_LENGTH = 200;

/** A whole number of at least 1 that the user gave. */
export const countOf = (what: string) =>
	v.pipe(
		v.number(`${what} must be a number`),
		v.integer(`${what} must be a whole number`),
		v.minValue(1, `${what} must be at least 1`),
		v.maxValue(1_000_000, `${what} must be at most 1000000`)
	);

export const documentName = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_NAME_LENGTH));

const textSchema: v.GenericSchema<TextChoice> = v.union([
	v.strictObject({ sample: v.string() }),
	v.strictObject({ name: documentName, text: v.string() })
]);

export const textsSchema = v.pipe(
	v.array(textSchema),
	v.minLength(1, 'choose a text'),
	v.maxLength(MAX_DOCUMENTS, `at most ${MAX_DOCUMENTS} texts at once`)
);

/** What POST /api/estimate and POST /api/jobs take. */
export const newAnalysisSchema: v.GenericSchema<NewAnalysis> = v.strictObject({
	models: v.pipe(
		v.array(v.string()),
		v.minLength(1, 'choose a model'),
		v.maxLength(MAX_MODELS, `at most ${MAX_MODELS} models at once`),
		v.check((ids) => new Set(ids).size === ids.length, 'a model is named twice')
	),
	texts: textsSchema,
	context: countOf('context'),
	windows: countOf('windows'),
	metrics: v.exactOptional(v.pipe(v.array(v.picklist(METRICS)), v.minLength(1))),
	jsRows: v.exactOptional(v.union([countOf('jsRows'), v.literal('all')]))
});
