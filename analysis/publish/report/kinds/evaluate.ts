import { lossText, withInterval } from '../../../text/interval.ts';
import { formatPercent, formatSigned, formatValue } from '../../../text/number.ts';
import { planWords } from '../../../text/plan.ts';
import { whatBreaks } from '../../answers.ts';
import { textWords } from '../../damageCard.ts';
import { html, type Html, type Part } from '../html.ts';
import { MOST_ROWS, table } from '../table.ts';
import type { ReportedKind, StoredOf } from './reportedKind.ts';

/** A table of plans on held-out text. */
export const evaluate: ReportedKind<StoredOf<'evaluate'>> = {
	kind: 'evaluate',
	question: {
		words: 'What would it break?',
		options: ['--plan', 'plan.json', '--text', 'FILE'],
		answer: (summaries, lead) => {
			const own = summaries.filter(({ evaluation }) => evaluation?.sources.join() === lead?.join());
			return whatBreaks(own.length > 0 ? own : summaries);
		},
		about: ({ evaluation }) => evaluation?.sources
	},
	most: MOST_ROWS,
	section: (shown, { total, labelOf }) =>
		html`<section>
			<h2>Plans on held-out text</h2>
			<p class="muted">
				Baseline and planned model on the same windows; losses in nats/token, measured.
			</p>
			${table(
				'Evaluations',
				HEADER,
				shown.map((stored) => row(stored, labelOf(stored)))
			)}
			${
				total > MOST_ROWS
					? html`<p class="small muted">The newest ${MOST_ROWS} of ${total}.</p>`
					: null
			}
		</section>`,
	cites: (own) =>
		own.some(({ result }) => result.evaluation.report.choices !== undefined) ? ['mcNemar'] : [],
	terms: ['increase', 'agreement', 'gates']
};

const HEADER = [
	'Plan',
	'Text',
	'Baseline loss',
	'Loss increase [95% CI]',
	'Recall increase [95% CI]',
	'Top-1 agreement',
	'Accuracy, planned − baseline',
	'Gates'
];

function row(stored: StoredOf<'evaluate'>, label: Html | null): readonly Part[] {
	const { plan, evaluation } = stored.result;
	const { baseline, delta, recall, agreement, choices, gates } = evaluation.report;
	const signed = (value: number) => formatSigned(value, formatPercent);
	const accuracy = choices?.delta.acc;
	return [
		html`${planWords(plan.sources)}${plan.repair === null ? null : ', repaired'}${label}`,
		textWords(stored),
		formatValue(baseline.loss),
		lossText(delta),
		recall === undefined ? 'not measured' : lossText(recall.delta),
		formatPercent(agreement),
		accuracy === undefined
			? 'not measured'
			: `${withInterval(accuracy.value, accuracy, signed)}, ${choices?.questions ?? 0} questions`,
		gates?.verdict ?? 'none asked for'
	];
}
