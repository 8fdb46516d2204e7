import type {
	MeasuredResult,
	ResultKind,
	ResultSummary,
	StoredResult
} from '../../../measure/results/types.ts';
import type { Sources } from '../../../plan/types.ts';
import type { Term } from '../../../text/explanations.ts';
import type { RunRecord } from '../../../workspace/run/types.ts';
import type { Answer } from '../../answers.ts';
import type { Html } from '../html.ts';
import type { Reference } from '../references.ts';

/** A stored result of one kind. */
export type StoredOf<K extends ResultKind> = StoredResult & {
	result: Extract<MeasuredResult, { kind: K }>;
};

/** A question about a model that measurements of one kind answer. */
export interface KindQuestion {
	words: string;
	/** Options of the command that would measure it, after the model. */
	options: readonly string[];
	/** `lead`: the plan that the report is about; null: there is none. */
	answer: (summaries: readonly ResultSummary[], lead: Sources | null) => Answer | null;
	/** The plan that an answer from this result is about; left out: it is about the model. */
	about?: (summary: ResultSummary) => Sources | undefined;
}

/** Facts that a section takes beside the results that it shows. */
export interface SectionContext {
	run: RunRecord;
	/** Number of results of the kind, shown or not. */
	total: number;
	labelOf: (stored: StoredResult) => Html | null;
}

/**
 * All that a report says of one kind of measurement. `own`: its results, at least one, newest first. Of a kind that is not
 * in the list, the results that a person named are named.
 */
export interface ReportedKind<Stored extends StoredResult = StoredResult> {
	readonly kind: Stored['result']['kind'];
	readonly question?: KindQuestion;
	/** Most results that the report shows: the newest. */
	readonly most: number;
	/** Section on the results that are shown; left out: maps and layer profile show them. */
	section?(shown: readonly Stored[], context: SectionContext): Html;
	/** A sentence or more for the methods. */
	methods?(own: readonly Stored[]): string;
	cites?(own: readonly Stored[]): readonly Reference[];
	/** Definition cards by their names. */
	cards?(own: readonly Stored[]): Readonly<Record<string, object>>;
	/** Words and measures that the report explains. */
	readonly terms?: readonly Term[];
}
