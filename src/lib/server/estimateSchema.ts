import * as v from 'valibot';
import type { NewAnalysis, NewMeasurement } from '$lib/client/api.ts';
import { newAnalysisSchema } from './newAnalysisSchema.ts';
import { newMeasurementSchema } from './newMeasurementSchema.ts';

/** Schema of the body of POST /api/estimate. A measurement names its kind; an analysis names none. */
export const estimateSchema: v.GenericSchema<unknown, NewAnalysis | NewMeasurement> = v.lazy(
	(asked) =>
		typeof asked === 'object' && asked !== null && 'kind' in asked
			? newMeasurementSchema
			: newAnalysisSchema
);
