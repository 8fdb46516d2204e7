import * as v from 'valibot';
import type { Telemetry } from './telemetry.ts';

const amount = v.pipe(v.number(), v.minValue(0));

/** The form of telemetry in run.json, result.json and jobs.json. */
export const telemetrySchema: v.GenericSchema<Telemetry> = v.object({
	samples: v.array(
		v.object({
			seconds: amount,
			stage: v.string(),
			rssBytes: amount,
			cores: amount,
			tokensPerSecond: amount
		})
	),
	stages: v.array(v.object({ stage: v.string(), seconds: amount })),
	peakRssBytes: amount,
	cpuSeconds: amount,
	tokens: amount,
	seconds: amount
});
