import { spanScores } from '$analysis/plan/spans.ts';
import type { Savings, Span } from '$analysis/plan/types.ts';
import type { Figure } from '$analysis/figure/marks.ts';
import type { Style } from '$analysis/figure/style.ts';
import { tableFigure } from '$analysis/figure/table.ts';
import { intervalText } from '$analysis/text/interval.ts';
import { formatSigned, formatValue } from '$analysis/text/number.ts';
import type { MeasuredParts } from '$analysis/publish/damageTables.ts';
import { evaluatedLoss, evaluatedOn, type EvaluatedPlan } from '../../state/evaluatedPlan.ts';
import { savingsLines } from '$analysis/publish/savingsLines.ts';

/** More evaluations than this leave a column of a paper. */
const EVALUATIONS = 3;

/** A plan's spans and what they are predicted to save. */
export function planFigure(
	plan: {
		title: string;
		caption: string;
		spans: readonly Pick<Span, 'source' | 'followers'>[];
		/** Dropped layers. */
		dropped: readonly number[];
		/** Loss increase by its parts, measured one by one; null: not measured. */
		parts: MeasuredParts | null;
		/** Of the whole plan, newest first; none: it was not evaluated. */
		evaluations: readonly EvaluatedPlan[];
		/** Similarity [layers, layers] that scores the spans; null: none is known yet. */
		matrix: Float64Array | null;
		layers: number;
		savings: Savings;
	},
	style?: Style
): Figure {
	const { title, caption, spans, dropped, parts, evaluations, matrix, layers, savings } = plan;
	return tableFigure(
		{
			title,
			caption,
			header: ['source', 'followers', 'mean', 'lowest'],
			rows: [
				...spans.map(({ source, followers }) => {
					const scores = matrix && spanScores(matrix, layers, source, followers);
					return [
						String(source),
						followers.join(', '),
						formatValue(scores?.mean),
						formatValue(scores?.min)
					];
				}),
				...dropped.map((layer) => [String(layer), 'attention dropped', '', '']),
				...(evaluations.length === 0
					? []
					: [
							['', 'loss increase (nats/token), evaluated', '', ''],
							...evaluations.slice(0, EVALUATIONS).flatMap(evaluationRows)
						]),
				...(parts === null
					? []
					: [
							['', 'nats/token, parts measured one by one', '', ''],
							['loss', 'sum of its parts', formatSigned(parts.sum), ''],
							['', 'followers dropped instead', formatSigned(parts.dropped), '']
						]),
				['', 'savings, predicted', '', ''],
				...savingsLines(savings).flatMap(({ name: group, rows }) =>
					rows.map(({ name, value, share }, index) => [
						index === 0 ? group : '',
						name,
						value,
						share
					])
				)
			]
		},
		style
	);
}

/** An evaluation: its loss increase, and that of recall where it was measured. */
function evaluationRows(evaluated: EvaluatedPlan): string[][] {
	const { loss, interval } = evaluatedLoss(evaluated);
	const { recall } = evaluated.evaluation;
	const row = ['', evaluatedOn(evaluated), loss, interval];
	if (recall === null) return [row];
	const { loss: added } = recall;
	return [
		row,
		['', 'of in-context recall', formatSigned(added), intervalText(recall, formatSigned)]
	];
}
