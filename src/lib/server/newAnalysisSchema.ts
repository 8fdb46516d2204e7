import * as v from 'valibot';
import { boundedArray } from '$analysis/edge/parse.ts';
import { METRICS } from '$analysis/similarity/types.ts';
import type { NewAnalysis, TextChoice } from '$lib/client/api.ts';

const MAX_MODELS = 16;
const MAX_DOCUMENTS = 64;
const MAX_NAME_LENGTH = 200;
/** Ids of runs and results, of samples, and of models, which may be paths. */
const MAX_ID_LENGTH = 4096;

/** What names something of the server's list. */
export const idSchema = v.pipe(v.string(), v.maxLength(MAX_ID_LENGTH));

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
	v.strictObject({ sample: idSchema }),
	v.strictObject({ name: documentName, text: v.string() })
]);

export const textsSchema = v.pipe(
	boundedArray(textSchema, MAX_DOCUMENTS),
	v.minLength(1, 'choose a text')
);

/** What POST /api/estimate and POST /api/jobs take. */
export const newAnalysisSchema: v.GenericSchema<unknown, NewAnalysis> = v.strictObject({
	models: v.pipe(
		boundedArray(idSchema, MAX_MODELS),
		v.minLength(1, 'choose a model'),
		v.check((ids) => new Set(ids).size === ids.length, 'a model is named twice')
	),
	texts: textsSchema,
	context: countOf('context'),
	windows: countOf('windows'),
	metrics: v.exactOptional(
		v.pipe(boundedArray(v.picklist(METRICS), METRICS.length), v.minLength(1))
	),
	jsRows: v.exactOptional(v.union([countOf('jsRows'), v.literal('all')]))
});
