import type { ResultSummary, StoredResult } from '../../measure/results/types.ts';
import { formatTime } from '../../text/number.ts';
import { html, type Html } from './html.ts';
import { REPORTED } from './kinds/index.ts';
import type { ReportedKind } from './kinds/reportedKind.ts';
import { labelPart } from './labels.ts';
import { table } from './table.ts';
import type { ReportSource } from './types.ts';

/** A kind that something was measured of, with its results, newest first. */
export interface MeasuredKind {
	reported: ReportedKind;
	own: readonly StoredResult[];
	/** Those of `own` that the report shows. */
	shown: readonly StoredResult[];
}

/** The kinds of these results that a report has something to say of, in its order. */
export function measuredKinds(results: readonly StoredResult[]): MeasuredKind[] {
	return REPORTED.flatMap((reported) => {
		const own = results.filter(({ result }) => result.kind === reported.kind);
		return own.length === 0 ? [] : [{ reported, own, shown: own.slice(0, reported.most) }];
	});
}

/** Returns the sections on what was measured, kind after kind, and on other measurements that have a name. */
export function evidenceSections(
	{ run, summaries, labels }: ReportSource,
	measured: readonly MeasuredKind[]
): Html[] {
	const labelOf = ({ id }: Pick<StoredResult, 'id'>) => labelPart(labels.results[id]);
	const known = new Set(measured.flatMap(({ shown }) => shown.map(({ id }) => id)));
	const others = summaries.filter(({ id }) => !known.has(id));
	return [
		...measured.flatMap(
			({ reported, own, shown }) =>
				reported.section?.(shown, { run, total: own.length, labelOf }) ?? []
		),
		...named(others, labelOf)
	];
}

/** Measurements that stand nowhere else and that somebody has named, in a line each. */
function named(
	summaries: readonly ResultSummary[],
	labelOf: (summary: ResultSummary) => Html | null
): Html[] {
	const rows = summaries.flatMap((summary) => {
		const label = labelOf(summary);
		return label === null ? [] : [[formatTime(summary.createdAt), label, summary.words]];
	});
	return rows.length === 0
		? []
		: [
				html`<section>
					<h2>Also measured and named</h2>
					${table('Other measurements', ['When', 'Name', 'Result'], rows)}
				</section>`
			];
}
