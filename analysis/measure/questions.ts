/** Questions about the user's models and texts, which a process of its own answers. */
import type { AnalyzeRequest } from './analyze/types.ts';
import type { Estimate } from '../engine/estimate.ts';
import type { ModelListing } from '../model/checkpoint/types.ts';
import type { DamageRequest } from './damage/types.ts';
import type { BenchRequest } from './bench/benchTypes.ts';
import type { PlanCheck } from '../engine/checkPlan.ts';
import type { EvaluateRequest } from './evaluate/types.ts';
import type { ModelPlaces } from '../model/catalogue/discover.ts';
import type { ModelReport } from '../model/catalogue/report.ts';
import type { Failed } from '../process/ask.ts';
import type { Plan } from '../plan/types.ts';
import type { SearchRequest } from './search/types.ts';
import type { Document } from '../model/tokens/types.ts';

/** What the models are, and what is said of one. */
export interface ModelQuestions {
	models: { asked: ModelPlaces; answer: ModelListing[] };
	report: { asked: ModelListing; answer: ModelReport };
	plan: { asked: { model: string; plan: Plan; home: string }; answer: PlanCheck };
}

/** Of a measurement: the hash of the weights that it is to be made with. */
interface Measured {
	modelHash: string;
}

/** What a job would take. */
export interface EstimateQuestions {
	analyze: { asked: AnalyzeRequest; answer: Estimate };
	damage: { asked: DamageRequest & Measured; answer: Estimate };
	evaluate: {
		asked: Omit<EvaluateRequest, 'questions' | 'repairs'> &
			Measured & { questions: Document | null };
		answer: Estimate;
	};
	search: { asked: SearchRequest & Measured; answer: Estimate };
	bench: { asked: BenchRequest & Measured; answer: Estimate };
}

export type Questions = ModelQuestions & EstimateQuestions;
export type QuestionKind = keyof Questions;

export type Question<Kind extends QuestionKind = QuestionKind> = {
	[K in Kind]: { kind: K; asked: Questions[K]['asked'] };
}[Kind];

export type Answer<Kind extends QuestionKind = QuestionKind> = Questions[Kind]['answer'];

/** What the process sends back. */
export type ReaderMessage = { kind: 'done'; answer: Answer } | Failed;

/** Whoever answers them. Rejects with InputError where model, texts, plan or limits are at fault. */
export interface Reader {
	ask<Kind extends QuestionKind>(
		kind: Kind,
		asked: Questions[Kind]['asked'],
		signal?: AbortSignal
	): Promise<Answer<Kind>>;
}
