import * as v from 'valibot';
import { boundedArray } from '$analysis/edge/parse.ts';
import { analyzeSettings } from '$analysis/measure/analyze/settings.ts';
import type { NewAnalysis, TextChoice } from '$lib/client/api.ts';

const MAX_MODELS = 16;
const MAX_DOCUMENTS = 64;
const MAX_NAME_LENGTH = 200;
/** Ids of runs and results, of samples, and of models, which may be paths. */
const MAX_ID_LENGTH = 4096;

/** Schema of an id of something that the server lists. */
export const idSchema = v.pipe(v.string(), v.maxLength(MAX_ID_LENGTH));

export const documentName = v.pipe(
	v.string(),
	v.minLength(1, 'empty; expected a name'),
	v.maxLength(MAX_NAME_LENGTH, `longer than ${MAX_NAME_LENGTH} characters; shorten it`)
);

const sampleSchema = v.strictObject({ sample: idSchema });
const documentSchema = v.strictObject({ name: documentName, text: v.string() });

/** No union, whose message would not say which of them is meant and what is wrong with it. */
const textSchema: v.GenericSchema<unknown, TextChoice> = v.lazy((asked) =>
	typeof asked === 'object' && asked !== null && 'sample' in asked ? sampleSchema : documentSchema
);

export const textsSchema = v.pipe(
	boundedArray(textSchema, MAX_DOCUMENTS),
	v.minLength(1, 'choose a text')
);

/** Schema of the body of POST /api/estimate, for an analysis, and of POST /api/jobs. */
export const newAnalysisSchema: v.GenericSchema<unknown, NewAnalysis> = v.strictObject({
	models: v.pipe(
		boundedArray(idSchema, MAX_MODELS),
		v.minLength(1, 'choose a model'),
		v.check((ids) => new Set(ids).size === ids.length, 'a model is named twice')
	),
	texts: textsSchema,
	...analyzeSettings.entries
});
