import * as v from 'valibot';
import type { AnalyzeRequest } from '$analysis/measure/analyze/types.ts';
import type { Estimate } from '$analysis/engine/estimate.ts';
import type { DamageRequest } from '$analysis/measure/damage/types.ts';
import type { BenchRequest } from '$analysis/measure/bench/benchTypes.ts';
import { gatesSchema } from '$analysis/measure/evaluate/gates.ts';
import type { EvaluateRequest } from '$analysis/measure/evaluate/types.ts';
import { DECODER_DTYPES } from '$analysis/graph/decode/weights.ts';
import { planSchema } from '$analysis/plan/schema.ts';
import type { SearchRequest } from '$analysis/measure/search/types.ts';
import { METRICS, VIEWS } from '$analysis/similarity/types.ts';
import { telemetrySchema } from '$analysis/telemetry/schema.ts';
import { JOB_KINDS, type Job } from '$lib/client/api.ts';
import { goalSchema } from '../newMeasurementSchema.ts';

/** What of a request is not a job's: texts are files of their own, the rest is the server's. */
type NotTheJobs = 'documents' | 'home' | 'memoryLimitBytes';

/** Of measurements: the model that they were asked for. */
interface Measured {
	/** Hash of the weights. */
	modelHash: string;
}

/** What a job does. */
export type JobRequest =
	| ({ kind: 'analyze' } & Omit<AnalyzeRequest, NotTheJobs>)
	| ({ kind: 'damage' } & Measured & Omit<DamageRequest, NotTheJobs | 'progressFile'>)
	| ({
			kind: 'evaluate';
			/** Name of the file of questions, which is kept as the texts are; null: none are asked. */
			questions: string | null;
			/** Id of the result with the refitted weights of the plan; null: the plan names none. */
			repairOf: string | null;
	  } & Measured &
			Omit<EvaluateRequest, NotTheJobs | 'questions' | 'repairs'>)
	| ({ kind: 'search' } & Measured & Omit<SearchRequest, NotTheJobs>)
	| ({
			kind: 'bench';
			/** As of an evaluation. */
			repairOf: string | null;
	  } & Measured &
			Omit<BenchRequest, NotTheJobs | 'planFolder'>);

/** What a job says that it runs: tokens of a window, or of a bench's prompt; windows, or rounds. */
export function extentOf(request: JobRequest): { context: number; windows: number } {
	if (request.kind === 'bench') return { context: request.prompt, windows: request.repeats };
	const { context, windows } = request;
	return { context, windows };
}

/** A job as jobs.json keeps it. */
export interface JobRecord {
	job: Job;
	request: JobRequest;
	/** The command that makes the same run or result again. */
	command: string;
	/** Id of the folder, of a run or a result, that was last begun. */
	runId: string | null;
}

export const ENDED_STATES: readonly Job['state'][] = ['done', 'failed', 'cancelled', 'interrupted'];
export const RETRY_STATES: readonly Job['state'][] = ['failed', 'cancelled', 'interrupted'];

/** Ids of jobs, which also name the folders of their texts. */
export const JOB_ID = /^[0-9a-f]{1,64}$/;

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

const anyRequest = { modelFolder: v.string(), context: count, windows: count };
const modelHash = v.string();
const measured = { ...anyRequest, modelHash };

const requestSchema: v.GenericSchema<unknown, JobRequest> = v.union([
	v.object({
		kind: v.literal('damage'),
		...measured,
		maxSpan: count
	}),
	v.object({
		kind: v.literal('evaluate'),
		...measured,
		plan: planSchema,
		repairOf: v.nullable(v.string()),
		questions: v.nullable(v.string()),
		gates: gatesSchema
	}),
	v.object({
		kind: v.literal('search'),
		...measured,
		goal: goalSchema,
		maxSpan: count,
		protectedLayers: v.array(count),
		repair: v.boolean(),
		randomPlans: count,
		shortlist: v.nullable(count)
	}),
	v.object({
		kind: v.literal('bench'),
		modelFolder: v.string(),
		modelHash,
		plan: planSchema,
		repairOf: v.nullable(v.string()),
		dtype: v.nullable(v.picklist(DECODER_DTYPES)),
		prompt: count,
		generate: count,
		batch: count,
		repeats: count
	}),
	v.object({
		kind: v.optional(v.literal('analyze'), 'analyze'),
		...anyRequest,
		metrics: v.array(v.picklist(METRICS)),
		views: v.array(v.picklist(VIEWS)),
		jsRows: v.union([count, v.literal('all')])
	})
]);

/** One job of jobs.json. */
export const recordSchema: v.GenericSchema<unknown, JobRecord> = v.object({
	job: v.object({
		id: v.pipe(v.string(), v.regex(JOB_ID, 'an id of Spanwise')),
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
	request: requestSchema,
	command: v.string(),
	runId: v.nullable(v.string())
});

/** jobs.json; each job is looked at by itself. */
export const jobsFileSchema = v.object({
	format: v.literal('spanwise/jobs'),
	version: v.literal(1),
	jobs: v.array(v.unknown())
});
