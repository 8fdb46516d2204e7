import * as v from 'valibot';
import type { NewAnalysis, NewMeasurement } from '$lib/client/api.ts';
import { newAnalysisSchema } from './newAnalysisSchema.ts';
import { newMeasurementSchema } from './newMeasurementSchema.ts';

/** What POST /api/estimate takes: a measurement says its kind, an analysis says none. */
export const estimateSchema: v.GenericSchema<unknown, NewAnalysis | NewMeasurement> = v.lazy(
	(asked) =>
		typeof asked === 'object' && asked !== null && 'kind' in asked
			? newMeasurementSchema
			: newAnalysisSchema
);
