/** Questions about the user's models, texts and runs, which a process of its own answers. */
import type { Estimate } from '../engine/estimate.ts';
import type { ModelListing } from '../model/checkpoint/types.ts';
import type { PlanReport } from '../apply/targets.ts';
import type { ModelPlaces } from '../model/catalogue/discover.ts';
import type { ModelReport } from '../model/catalogue/report.ts';
import type { Request } from './kind.ts';
import type { WorkspaceRows } from './overview/rows.ts';
import type { Failed } from '../process/ask.ts';
import type { Plan } from '../plan/types.ts';
import type { ComparedRuns, Reading } from '../compare/readings.ts';
import type { Comparison } from '../compare/types.ts';
import type { Similarity } from '../similarity/types.ts';
import type { RunRecord, RunWindows } from '../workspace/run/types.ts';

/** Questions about models: a list of them, the report of one, and the report of a plan. */
export interface ModelQuestions {
	models: { asked: ModelPlaces; answer: ModelListing[] };
	report: { asked: ModelListing; answer: ModelReport };
	plan: { asked: { model: string; plan: Plan; home: string }; answer: PlanReport };
}

/** A run by its folder, called by `id`, and the workspace that may hold measurements of its model. */
export interface RunPlace {
	folder: string;
	id: string;
	home: string;
}

/** Questions about runs and results, which may take long to read and much memory. */
export interface RunQuestions {
	similarity: { asked: Reading; answer: Similarity };
	heads: { asked: Reading & { from: number; to: number }; answer: Float64Array };
	comparison: {
		asked: ComparedRuns;
		answer: { comparison: Comparison; records: RunRecord[] };
	};
	/** Token ids and pieces of its windows. */
	windows: { asked: { folder: string }; answer: RunWindows };
	rows: { asked: { home: string }; answer: WorkspaceRows };
	/** The report of a run as HTML; `plan`: what it is about first. */
	handover: { asked: RunPlace & { plan: Plan | null }; answer: string };
	/** Writes a bundle of a run into `file`. */
	bundle: { asked: RunPlace & { file: string }; answer: null };
	/** Puts the bundle in `file`, which messages call `name`, into a workspace: the run's id, and what became of it in words. */
	bundleIn: {
		asked: { home: string; file: string; name: string };
		answer: { run: string; words: string };
	};
}

/** Question about the time and memory of a job. */
export interface EstimateQuestions {
	estimate: { asked: Request; answer: Estimate };
}

export type Questions = ModelQuestions & RunQuestions & EstimateQuestions;
export type QuestionKind = keyof Questions;

export type Question<Kind extends QuestionKind = QuestionKind> = {
	[K in Kind]: { kind: K; asked: Questions[K]['asked'] };
}[Kind];

export type Answer<Kind extends QuestionKind = QuestionKind> = Questions[Kind]['answer'];

/** Message that the process sends back. */
export type ReaderMessage = { kind: 'done'; answer: Answer } | Failed;

/** Whoever answers them. Rejects with InputError where model, texts, plan or limits are at fault. */
export interface Reader {
	ask<Kind extends QuestionKind>(
		kind: Kind,
		asked: Questions[Kind]['asked'],
		signal?: AbortSignal
	): Promise<Answer<Kind>>;
}
