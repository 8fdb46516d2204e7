import * as v from 'valibot';
import { boundedArray } from '$analysis/edge/parse.ts';
import { SAVING_AXES } from '$analysis/plan/axes.ts';
import { DECODER_DTYPES } from '$analysis/graph/decode/weights.ts';
import type { SearchGoal } from '$analysis/measure/search/types.ts';
import type { NewMeasurement } from '$lib/client/api.ts';
import { countOf, documentName, idSchema, textsSchema } from './newAnalysisSchema.ts';

const MAX_LAYERS = 1000;

const layer = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_LAYERS));

/** A number that is one: JSON has 1e999. */
const amount = v.pipe(v.number(), v.finite());

/** What a search is to find; whether the model can have it is checked with the model. */
export const goalSchema: v.GenericSchema<unknown, SearchGoal> = v.variant('kind', [
	v.strictObject({ kind: v.literal('followers'), followers: amount }),
	v.strictObject({
		kind: v.literal('save'),
		axis: v.picklist(SAVING_AXES),
		share: amount
	}),
	v.strictObject({ kind: v.literal('loss'), maxLossIncrease: amount })
]);

const common = {
	run: idSchema,
	texts: textsSchema,
	context: countOf('context'),
	windows: countOf('windows')
};

/** What POST /api/measurements takes; plan and gates are looked at by those who know them. */
export const newMeasurementSchema: v.GenericSchema<unknown, NewMeasurement> = v.variant('kind', [
	v.strictObject({ kind: v.literal('damage'), ...common, maxSpan: countOf('maxSpan') }),
	v.strictObject({
		kind: v.literal('evaluate'),
		...common,
		plan: v.unknown(),
		repairOf: v.exactOptional(idSchema),
		questions: v.nullable(
			v.union([
				v.literal('continuations'),
				v.strictObject({ name: documentName, text: v.string() })
			])
		),
		gates: v.looseObject({})
	}),
	v.strictObject({
		kind: v.literal('search'),
		...common,
		goal: goalSchema,
		maxSpan: countOf('maxSpan'),
		protectedLayers: boundedArray(layer, MAX_LAYERS),
		repair: v.boolean()
	}),
	v.strictObject({
		kind: v.literal('bench'),
		run: idSchema,
		plan: v.unknown(),
		repairOf: v.exactOptional(idSchema),
		dtype: v.picklist(DECODER_DTYPES),
		prompt: countOf('prompt'),
		generate: countOf('generate'),
		batch: countOf('batch'),
		repeats: countOf('repeats')
	})
]);
