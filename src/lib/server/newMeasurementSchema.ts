import * as v from 'valibot';
import type { Measurement } from '$analysis/measure/kind.ts';
import { measurements } from '$analysis/measure/lookup.ts';
import type { NewMeasurement } from '$lib/client/api.ts';
import { documentName, idSchema, textsSchema } from './newAnalysisSchema.ts';

const questions = v.optional(
	v.nullable(
		v.union([v.literal('continuations'), v.strictObject({ name: documentName, text: v.string() })])
	),
	null
);

/** Schema of the body of POST /api/measurements: settings and inputs of a kind. */
export const newMeasurementSchema = v.lazy(
	() => v.variant('kind', measurements().map(form))
	// The variant's output is that of the kind that it is of.
) as unknown as v.GenericSchema<unknown, NewMeasurement>;

function form({ kind, takes, settings }: Measurement) {
	const entries: v.ObjectEntries = {
		run: idSchema,
		...settings.entries,
		...(takes.includes('texts') && { texts: v.exactOptional(textsSchema) }),
		...(takes.includes('plan') && { repairOf: v.exactOptional(idSchema) }),
		...(takes.includes('questions') && { questions })
	};
	return v.strictObject({ kind: v.literal(kind), ...entries });
}
