/** The shape of a kind of measurement: all that API, queue, worker, command and results know of it. */
import type * as v from 'valibot';
import type { Estimate } from '../engine/estimate.ts';
import type { Document } from '../model/tokens/types.ts';
import type { Plan, Sources } from '../plan/types.ts';
import type { Progress } from '../telemetry/progress.ts';
import type { FolderFile } from '../workspace/wholeFolder.ts';
import type { RunRecord } from '../workspace/run/types.ts';
import type { FlagTable } from './flags.ts';
import type { Part } from './shards/parts.ts';
import type { Shard } from './shards/shard.ts';

/** Inputs beside the settings: texts; a plan, which is a setting and may name refitted weights; a file of questions. */
export type Input = 'texts' | 'plan' | 'questions' | 'tokenizer';

/** A measurement that is asked for, wherever it was asked: all that it is made with. */
export interface Request<Settings = object> {
	kind: string;
	/** Folder of the checkpoint or of an ONNX model, or an ONNX file. */
	modelFolder: string;
	/** Of the run that it was asked from; null: of whatever lies there. */
	modelHash: string | null;
	settings: Settings;
	/** None where the kind takes no texts. */
	documents: Document[];
	/** JSONL of questions; null: none are asked. */
	questions: Document | null;
	/** tokenizer.json or its folder; null: what lies beside the model. */
	tokenizer: string | null;
	/** Folder of the refitted weights that the plan names; null: it names none. */
	planFolder: string | null;
	/** Most bytes that the processes may use together; null: 70% of what is free. */
	memoryLimitBytes: number | null;
	/** The workspace. */
	home: string;
	/** Parts that shards have measured, to be put together; left out: everything is measured now. */
	parts?: readonly Part[];
}

/** Facts about a job that are known before the model runs. */
export interface Forecast {
	/** The model's name. */
	name: string;
	estimate: Estimate;
	/** Extent of the run, in words; absent: windows × context. */
	extent?: string;
	/** Notes to show beforehand, such as the file in which results are kept. */
	notes?: string[];
	/** File that finished results are added to while the model runs. */
	progressFile?: string;
	/** Folder that is written in the end; what lies half-written beside it goes where the user stops. */
	writes?: string;
}

/** The run of a measurement: what it is called, and callbacks. */
export interface Running {
	/** Of the run or the result that is made; null: a new one. */
	id: string | null;
	/** The command that makes it again. */
	command: string;
	/** File or folder that the user named for what is made; null: in the workspace. */
	out: string | null;
	/** Folder of the built workers, as a URL. */
	workers: URL;
	onProgress: (progress: Progress) => void;
	/** Called once, before the model runs. */
	onPrepared?: (forecast: Forecast) => Promise<void> | void;
}

/** Tokens of a window and windows; of what reads no texts, what stands in their place. */
export interface Extent {
	context: number;
	windows: number;
}

/** Kind of job, whatever it makes: its names, inputs, settings and estimate. */
export interface Kind<Settings extends object = object> {
	/** In addresses, files and as the name of the subcommand. */
	readonly kind: string;
	/** A noun for screens: "damage map". */
	readonly name: string;
	readonly takes: readonly Input[];
	/** Bundled texts that are read where none is named; none: texts have to be named. */
	readonly samples: readonly string[];
	/** The one schema: body of a request, jobs.json, defaults of the form and of the command. */
	readonly settings: v.GenericSchema<unknown, object> & { readonly entries: v.ObjectEntries };
	/** Options of the command, read and written by the same table. */
	readonly flags: FlagTable<Settings>;
	/** True if a stopped job keeps its results, and the same job run again goes on from there. */
	readonly resumes?: boolean;
	/** Text of --help. */
	readonly help: { about: string; more: string };
	extent(settings: Settings): Extent;
	/** "8 × 512 tokens of walden" */
	extentWords(extent: Extent, texts: readonly string[]): string;
	/** The settings as they are for a model, where they depend on it. */
	fitted?(settings: Settings, modelFolder: string): Promise<Settings>;
	/** Estimates time and memory of the job. Throws InputError where it would be refused. */
	estimate(request: Request<Settings>): Promise<Estimate>;
	/** Measures the windows of one shard: the files of its part. Left out: the kind is not cut into shards. */
	measureShard?(request: Request<Settings>, running: Running, shard: Shard): Promise<FolderFile[]>;
}

/** The kind that makes a run, from which the others are asked. */
export interface Analysis<Settings extends object = object> extends Kind<Settings> {
	run(request: Request<Settings>, running: Running): Promise<RunRecord>;
}

/** Subject of a result: its model, texts and windows. */
export interface About {
	model: { name: string; hash: string; tokenizerHash?: string };
	texts: { name: string; sha256: string; characters: number }[];
	/** Tokens in a window, BOS included. */
	context: number;
	windows: number;
}

/** Nats/token that a change of the model adds, with the ends of its 95% interval; null: there is none. */
interface Increase {
	loss: number;
	low: number | null;
	high: number | null;
}

/** A plan whose loss increase was measured. */
export interface MeasuredPlan extends Increase {
	/** Name among the plans of its result; null: there are no others. */
	name: string | null;
	sources: Sources;
	/** With refitted weights. */
	repaired: boolean;
	/** Fraction of the KV cache that is saved, predicted; null: not known. */
	saved: number | null;
}

/** A span or a dropped layer whose loss increase was measured by itself. */
export interface MeasuredCase extends Increase {
	/** In words. */
	change: string;
	/** The layers that follow, each with its source. */
	pairs: { source: number; follower: number }[];
}

/** All that a result measured the loss increase of. */
export interface MeasuredChanges {
	plans?: MeasuredPlan[];
	cases?: MeasuredCase[];
}

/** A kind of result, whoever made it. */
export interface Stored<Figures extends object = object> {
	/** In files. */
	readonly kind: string;
	/** A noun for screens: "damage map". */
	readonly name: string;
	readonly takes: readonly Input[];
	/** With its article: "a damage map". */
	readonly noun: string;
	/** Under which result.json has the figures. */
	readonly key: string;
	/** The form of the figures as far as it is looked at; what lies deeper is taken as it was written. */
	readonly figures: v.GenericSchema<unknown, object>;
	about(figures: Figures): About;
	/** One line for lists; `plan`: that of a kind that takes one, in words. */
	summary(figures: Figures, plan: string): string;
	/** Figures that lists show, and under which name a summary has them; `plan` is that of a kind that takes one. */
	readonly brief?: { readonly key: string; of(figures: Figures, plan: Plan | null): object };
	/** Plans, spans and dropped layers for the tables of all results; `plan`: as above. Left out: it measures none. */
	changes?(figures: Figures, plan: Plan | null): MeasuredChanges;
	/** Names of the files beside a result. */
	filesOf?(figures: Figures): string[];
}

/** A kind that makes a result. */
export interface Measurement<Settings extends object = object, Figures extends object = object>
	extends Kind<Settings>, Stored<Figures> {
	readonly kind: string;
	readonly name: string;
	readonly takes: readonly Input[];
	/** Measures. `files` lie beside the result: those that `filesOf` names. */
	run(
		request: Request<Settings>,
		running: Running
	): Promise<{ figures: Figures; files?: FolderFile[] }>;
}
