import * as v from 'valibot';
import { parseUntrusted } from '$analysis/edge/parse.ts';
import type { Estimate } from '$analysis/engine/estimate.ts';
import type { Analysis, Extent, Measurement, Request } from '$analysis/measure/kind.ts';
import type { KINDS } from '$analysis/measure/kinds.ts';
import { isMeasurement, kindOf, kinds } from '$analysis/measure/lookup.ts';
import { telemetrySchema } from '$analysis/telemetry/schema.ts';
import type { Job } from '$lib/client/api.ts';

/** Request of a job of a kind: its settings, and ids or names of its inputs. Texts are files of their own. */
type JobRequestOf<K> = K extends {
	kind: infer Kind;
	takes: readonly (infer Input)[];
	settings: infer Settings extends v.GenericSchema;
}
	? { kind: Kind; modelFolder: string } & v.InferOutput<Settings> &
			/** Of measurements: hash of the weights that they were asked for. */
			(K extends { figures: unknown } ? { modelHash: string } : unknown) &
			/** Id of the result with the refitted weights of the plan; null: the plan names none. */
			('plan' extends Input ? { repairOf: string | null } : unknown) &
			/** Name of the file of questions, which is kept as the texts are; null: none are asked. */
			('questions' extends Input ? { questions: string | null } : unknown)
	: never;

export type JobRequest = JobRequestOf<(typeof KINDS)[number]>;

/** Converts a request to the form that jobs.json keeps. */
export function jobRequestOf(request: Request, repairOf: string | null): JobRequest {
	const kind = kindOf(request.kind);
	const kept: object = {
		kind: request.kind,
		modelFolder: request.modelFolder,
		...(isMeasurement(kind) && { modelHash: request.modelHash }),
		...request.settings,
		...(kind.takes.includes('plan') && { repairOf }),
		...(kind.takes.includes('questions') && { questions: request.questions?.name ?? null })
	};
	// Of whichever kind it is.
	return kept as JobRequest;
}

/** The settings of a job, without what its inputs are known by. */
export function settingsOf(request: JobRequest): object {
	return parseUntrusted(kindOf(request.kind).settings, request, 'jobs.json');
}

/** Returns the extent of a job: tokens of a window or of a bench's prompt, and number of windows or rounds. */
export function extentOf(request: JobRequest): Extent {
	return kindOf(request.kind).extent(settingsOf(request));
}

/** A job as it is kept: without its words. */
export type KeptJob = Omit<Job, 'name' | 'extent'>;

/** A job as jobs.json keeps it. */
export interface JobRecord {
	job: KeptJob;
	request: JobRequest;
	/** The command that makes the same run or result again. */
	command: string;
	/** Id of the folder, of a run or a result, that was last begun. */
	runId: string | null;
}

/** A job with the words of its kind. */
export function shown(job: KeptJob): Job {
	const kind = kindOf(job.kind);
	const extent = job.state === 'unknown' ? '' : kind.extentWords(job, job.texts);
	return { ...job, name: kind.name, extent };
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

/** Names of the kinds that there are. */
export const kindSchema = v.lazy(() => v.picklist(kinds().map(({ kind }) => kind as Job['kind'])));

const requestSchema = v.lazy(() => v.union(kinds().map(requestForm)));

function requestForm(kind: Analysis | Measurement): v.GenericSchema {
	const { takes, settings } = kind;
	const entries: v.ObjectEntries = {
		// The jobs of version 0.1 were analyses, and did not say so.
		kind: isMeasurement(kind) ? v.literal(kind.kind) : v.optional(v.literal(kind.kind), kind.kind),
		modelFolder: v.string(),
		...settings.entries,
		...(isMeasurement(kind) && { modelHash: v.string() }),
		...(takes.includes('plan') && { repairOf: v.nullable(v.string()) }),
		...(takes.includes('questions') && { questions: v.nullable(v.string()) })
	};
	return v.object(entries);
}

/** One job of jobs.json. */
export const recordSchema = v.object({
	job: v.object({
		id: v.pipe(v.string(), v.regex(JOB_ID, 'an id of Spanwise')),
		// The jobs of version 0.1 were analyses, and had neither result nor telemetry.
		kind: v.optional(kindSchema, 'analyze'),
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
	// The union's output is that of the kind that it is of.
}) as v.GenericSchema<unknown, JobRecord>;

/** jobs.json; each job is looked at by itself. */
export const jobsFileSchema = v.object({
	format: v.literal('spanwise/jobs'),
	version: v.literal(1),
	jobs: v.array(v.unknown())
});
