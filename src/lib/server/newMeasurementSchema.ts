import * as v from 'valibot';
import { SAVING_AXES } from '$analysis/plan/axes.ts';
import { DECODER_DTYPES } from '$analysis/graph/decode/weights.ts';
import type { SearchGoal } from '$analysis/search/types.ts';
import type { NewMeasurement } from '$lib/api.ts';
import { countOf, documentName, textsSchema } from './newAnalysisSchema.ts';

const MAX_LAYERS = 1000;

const layer = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_LAYERS));

/** What a search is to find; whether the model can have it is checked with the model. */
export const goalSchema: v.GenericSchema<unknown, SearchGoal> = v.variant('kind', [
	v.strictObject({ kind: v.literal('followers'), followers: v.number() }),
	v.strictObject({
		kind: v.literal('save'),
		axis: v.picklist(SAVING_AXES),
		share: v.number()
	}),
	v.strictObject({ kind: v.literal('loss'), maxLossIncrease: v.number() })
]);

const common = {
	run: v.string(),
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
		repairOf: v.exactOptional(v.string()),
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
		protectedLayers: v.array(layer),
		repair: v.boolean()
	}),
	v.strictObject({
		kind: v.literal('bench'),
		run: v.string(),
		plan: v.unknown(),
		repairOf: v.exactOptional(v.string()),
		dtype: v.picklist(DECODER_DTYPES),
		prompt: countOf('prompt'),
		generate: countOf('generate'),
		batch: countOf('batch'),
		repeats: countOf('repeats')
	})
]);
