/** Requests, answers and events between the pages and the server. Bodies are JSON unless noted. */
import type * as v from 'valibot';
import type { TorchThere } from '$analysis/engine/torchThere.ts';
import type { Estimate } from '$analysis/engine/estimate.ts';
import type { analyzeSettings } from '$analysis/measure/analyze/settings.ts';
import type { KINDS, MEASUREMENTS } from '$analysis/measure/kinds.ts';
import type { ModelListing } from '$analysis/model/checkpoint/types.ts';
import type { Progress } from '$analysis/telemetry/progress.ts';
import type { ResultSummary } from '$analysis/measure/results/types.ts';
import type { Label, Labels } from '$analysis/workspace/labels/label.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';
import type { Metric, View } from '$analysis/similarity/types.ts';
import type { Telemetry } from '$analysis/telemetry/telemetry.ts';

/** A text for a new analysis: one of static/samples, or what the user pasted or uploaded. */
export type TextChoice = { sample: string } | { name: string; text: string };

/** POST /api/estimate and POST /api/jobs; what is not said of the settings is their default. */
export type NewAnalysis = {
	/** ModelListing ids. */
	models: string[];
	texts: TextChoice[];
} & v.InferInput<typeof analyzeSettings>;

/** Answer of POST /api/estimate to a NewAnalysis: one per model, in order. */
export interface ModelEstimate {
	model: string;
	estimate: Estimate | null;
	/** Reason that this analysis would be refused, in one line; null: it would not. */
	refusal: string | null;
}

/** Answer of POST /api/estimate to a NewMeasurement: what it would take, or why it would be refused, in one line. */
export type MeasurementEstimate =
	{ estimate: Estimate; refusal: null } | { estimate: null; refusal: string };

/** Kind of a job. An analysis makes a run; every other kind measures the model of one. */
export type JobKind = (typeof KINDS)[number]['kind'];

export type JobState =
	| 'queued'
	| 'running'
	| 'done'
	| 'failed'
	| 'cancelled'
	| 'interrupted'
	/** Of a newer version, or spoilt: it stays as it is until it is taken off the list. */
	| 'unknown';

/** Answer of POST /api/jobs: the queued jobs, one a model, in order (status 201). */
export type NewJobsAnswer = Job[];

/**
 * DELETE /api/jobs/[id] cancels a queued or running job and takes an ended one off the list (204).
 * POST /api/jobs/[id]/retry queues a failed, cancelled or interrupted job again and answers with it.
 * GET /api/jobs/[id]/damage → DamageSoFar (analysis/measure/damage/soFar.ts) of a damage job that runs; 404 of any other.
 * Jobs come by server-sent events: GET /api/events sends `event: jobs`, data Job[], at once and on every change. */
export interface Job {
	id: string;
	kind: JobKind;
	/** Short name of its product: "damage map". */
	name: string;
	state: JobState;
	model: string;
	/** Amount of work: "8 × 512 tokens of walden", or of a bench "5 rounds per model, 512 tokens of prompt". */
	extent: string;
	/** Of a bench those that its cost is measured on; its context is the prompt's tokens, its windows are rounds. */
	texts: string[];
	context: number;
	windows: number;
	createdAt: string;
	progress: Progress | null;
	estimate: Estimate | null;
	/** Of an analysis: the run that it made, where state is done. Of a measurement: the run it was asked from. */
	run: string | null;
	/** Id of the stored result, where state is done and kind is no analysis. */
	result: string | null;
	/** Reason that it failed. */
	reason: string | null;
	/** Of the running job, or of the ended one. */
	telemetry: Telemetry | null;
}

/** GET /api/runs/[id]/similarity?metric=&view= ; matrices as rows, rounded to 7 digits. */
export interface SimilarityAnswer {
	metric: Metric;
	view: View;
	matrix: number[][];
	null: number[][] | null;
	low: number[][] | null;
	high: number[][] | null;
	interval: 'documents' | 'blocks' | null;
}

/** GET /api/runs/[id]/heads?metric=&view=&from=&to= ; rows: heads of layer `from`; columns: heads of `to`. */
export interface HeadBlockAnswer {
	from: number;
	to: number;
	matrix: number[][];
}

/**
 * GET /api/runs/[id]/attention?window=&layers=3,4 → application/octet-stream: float32 little-endian
 * [layers, H, S, S] of the causal probabilities (0 above the diagonal); headers x-shape "2,6,512,512".
 * Made on demand by running the model again on that window.
 */
export const SHAPE_HEADER = 'x-shape';

/** GET /api/runs/[id]/windows → token ids and their pieces for the axes. */
export interface WindowsAnswer {
	windows: { document: number; start: number; ids: number[]; pieces: string[] }[];
}

/** Every error answer. */
export interface ErrorAnswer {
	message: string;
}

/** GET /api/torch: what is known of PyTorch here. The first who asks waits until it is loaded, for its first device. */
export type TorchAnswer = TorchThere;

/** GET /api/models */
export type ModelsAnswer = ModelListing[];

/**
 * POST /api/model-folders {folder} → AddedFolder (status 201): models are looked for in it from now on, also after a
 * restart; 400 where it holds none. DELETE with the same body forgets it (204).
 */
export interface AddedFolder {
	/** Ids of the usable models in it. */
	models: string[];
}

/**
 * GET /api/models/[id] → ModelReport; slashes of the id are encoded. POST {plan: plan.json} to the same address →
 * PlanReport: whether the plan fits, layer by layer, and in which forms the model can be written with it.
 */
export type { ModelReport } from '$analysis/model/catalogue/report.ts';
export type { PlanReport } from '$analysis/apply/targets.ts';

/** GET /api/runs ; newest first. DELETE /api/runs/[id] deletes one (204); GET /api/runs/[id] is one RunRecord. */
export interface RunsAnswer {
	runs: RunRecord[];
	/** Folders that hold no usable run, and why. */
	unusable: { id: string; problem: string }[];
}

/**
 * POST /api/runs/[id]/report {plan: plan.json or null} → the report of the run, one HTML file to save. GET
 * /api/runs/[id]/bundle → the run with its measurements, a ZIP file to save. POST /api/bundles?name= with such a file as body
 * → ImportedBundle (status 201); 400 where it is none, or another run of its id is here.
 */
export interface ImportedBundle {
	/** Id of the run. */
	run: string;
	/** Outcome of the import, in a sentence. */
	words: string;
}

/** GET /api/samples ; the texts themselves are at /samples/[id].txt */
export type SamplesAnswer = { id: string; title: string; author: string; characters: number }[];

/**
 * GET /api/runs/[id]/matrix.csv and matrix.npy ?metric=&view= : the L × L matrix as a file to save. CSV: lines
 * that begin with # hold the definition card, then a header row and one row a layer; NPY: float64, C order.
 */
export const MATRIX_FORMATS = ['csv', 'npy'] as const;

/** GET /api/compare?runs=a,b&metric=&view= → Comparison (analysis/compare/types.ts), first run minus second. */
export type { Comparison } from '$analysis/compare/types.ts';

/**
 * POST /api/measurements → Job (status 201): measures the model of a run. The texts may be others than the run's.
 * Errors: 404 where the run is not known, 400 with a message where model, texts, plan or limits are at fault.
 */
export type NewMeasurement = AskedOf<(typeof MEASUREMENTS)[number]>;

/** One of some kind. */
export type NewMeasurementOf<Kind> = Extract<NewMeasurement, { kind: Kind }>;

/** Settings of a kind, and its inputs. */
type AskedOf<M> = M extends {
	kind: infer Kind;
	takes: readonly (infer Input)[];
	settings: infer Settings extends v.GenericSchema;
}
	? {
			kind: Kind;
			/** Whose model is measured. */
			run: string;
		} & v.InferInput<Settings> &
			/** Left out: the bundled texts that the command reads where none is named. */
			('texts' extends Input ? { texts?: TextChoice[] } : unknown) &
			/** Id of the result that has the refitted weights, if the plan is a repaired one. */
			('plan' extends Input ? { repairOf?: string } : unknown) &
			('questions' extends Input ? { questions?: QuestionsChoice } : unknown)
	: never;

/** The bundled questions, a file of the user's (JSONL), or none. */
export type QuestionsChoice = 'continuations' | { name: string; text: string } | null;

/**
 * GET /api/results?model=<hash> → ResultSummary[], newest first. GET /api/results/[id] → StoredResult
 * (analysis/measure/results/types.ts); GET /api/results/[id]/[file] → refitted weights that a plan of a search names, as a
 * download. DELETE /api/results/[id] deletes one (204).
 */
export type ResultsAnswer = ResultSummary[];

/** Labels of all runs and results, loaded with every page, and the reason if they cannot be changed. */
export interface LabelsAnswer {
	labels: Labels;
	/** Files that hold no label, and why. */
	problems: string[];
	/** Reason that nothing may be changed in the workspace; null: it may. */
	readOnly: string | null;
}

/**
 * PUT /api/labels/runs/[id] and /api/labels/results/[id] → the Label as it is then. Fields that the change leaves alone
 * stay as they are; 409 with a LabelConflict where someone else has changed a text of it meanwhile.
 */
export interface LabelChange {
	was: Label;
	next: Label;
}

/** Error answer to a LabelChange (409), with the label that stands there instead. */
export interface LabelConflict extends ErrorAnswer {
	label: Label;
}
