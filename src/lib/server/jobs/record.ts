import * as v from 'valibot';
import type { AnalyzeRequest, Estimate } from '$analysis/analyze/types.ts';
import { METRICS, VIEWS } from '$analysis/similarity/types.ts';
import { JOB_KINDS, type Job } from '$lib/api.ts';
import { telemetrySchema } from '$analysis/telemetrySchema.ts';

/** What a job runs, less its texts (files of their own) and what belongs to the server. */
export type JobRequest = Omit<AnalyzeRequest, 'documents' | 'home' | 'memoryLimitBytes'>;

/** A job as jobs.json keeps it. */
export interface JobRecord {
	job: Job;
	request: JobRequest;
	/** The command that makes the same run again. */
	command: string;
	/** Id of the run folder that was last begun. */
	runId: string | null;
}

export const ENDED_STATES: readonly Job['state'][] = ['done', 'failed', 'cancelled', 'interrupted'];
export const RETRY_STATES: readonly Job['state'][] = ['failed', 'cancelled', 'interrupted'];

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const estimateSchema: v.GenericSchema<Estimate> = v.object({
	memoryBytes: v.number(),
	memoryLimitBytes: v.number(),
	seconds: v.number(),
	secondsFrom: v.picklist(['earlier runs', 'guess']),
	context: count,
	windows: count,
	windowsPerGroup: count,
	tokens: count,
	notes: v.array(v.string())
});

const recordSchema: v.GenericSchema<unknown, JobRecord> = v.object({
	job: v.object({
		id: v.pipe(v.string(), v.regex(/^[0-9a-f]+$/)),
		// The jobs of version 0.1 were analyses, and had neither result nor telemetry.
		kind: v.optional(v.picklist(JOB_KINDS), 'analyze'),
		state: v.picklist(['queued', 'running', 'done', 'failed', 'cancelled', 'interrupted']),
		model: v.string(),
		texts: v.array(v.string()),
		context: count,
		windows: count,
		createdAt: v.string(),
		progress: v.null(),
		estimate: v.nullable(estimateSchema),
		run: v.nullable(v.string()),
		result: v.optional(v.nullable(v.string()), null),
		reason: v.nullable(v.string()),
		telemetry: v.optional(v.nullable(telemetrySchema), null)
	}),
	request: v.object({
		modelFolder: v.string(),
		context: count,
		windows: count,
		metrics: v.array(v.picklist(METRICS)),
		views: v.array(v.picklist(VIEWS)),
		jsRows: v.union([count, v.literal('all')])
	}),
	command: v.string(),
	runId: v.nullable(v.string())
});

/** jobs.json */
export const jobsFileSchema = v.object({
	format: v.literal('spanwise/jobs'),
	version: v.literal(1),
	jobs: v.array(recordSchema)
});
