import { AXIS_NAMES } from '../../../plan/axes.ts';
import { lossText } from '../../../text/interval.ts';
import { formatShortPercent } from '../../../text/number.ts';
import { planWords } from '../../../text/plan.ts';
import type { RunRecord } from '../../../workspace/run/types.ts';
import { isDroppingBetter } from '../../answers.ts';
import { textWords } from '../../damageCard.ts';
import { frontCaption, searchFrontFigure } from '../../runFigures.ts';
import { drawing, REPORT_STYLE } from '../drawing.ts';
import { html, type Html } from '../html.ts';
import { table } from '../table.ts';
import type { ReportedKind, StoredOf } from './reportedKind.ts';

/** Verdict, front and plans of the newest search. */
export const search: ReportedKind<StoredOf<'search'>> = {
	kind: 'search',
	question: {
		words: 'Is dropping better?',
		options: ['--text', 'FILE'],
		answer: isDroppingBetter
	},
	most: 1,
	section: ([stored], { run, labelOf }) => searched(run, stored, labelOf(stored)),
	methods: () =>
		'Plans were made from damage on one part of the text, chosen between on a second, and measured once on a third, by differences paired by window.',
	cites: () => ['llmDrop'],
	terms: ['verdict']
};

function searched(run: RunRecord, stored: StoredOf<'search'>, label: Html | null): Html {
	const { search } = stored.result;
	const { report } = search;
	const { axis } = report.target;
	const figure = searchFrontFigure(run, stored, search, { cost: 'text' }, REPORT_STYLE);
	const header = [
		'Plan',
		'Layers',
		`${AXIS_NAMES[axis]} saved`,
		'Loss increase [95% CI]',
		'Recall increase [95% CI]'
	];
	const rows = report.plans.map(({ name, sources, savings, report: loss, recall }) => [
		name === report.verdict.plan ? html`<strong>${name}</strong>` : name,
		planWords(sources),
		formatShortPercent(savings[axis]),
		lossText(loss),
		recall === undefined ? 'not measured' : lossText(recall.report)
	]);
	return html`<section>
		<h2>Search: savings vs. loss</h2>
		${label}
		<p>${report.verdict.sentence}</p>
		<figure>
			${drawing(figure)}
			<figcaption>${frontCaption(axis, 'text')} ${textWords(stored)}.</figcaption>
		</figure>
		${table('Plans of the search', header, rows)}
	</section>`;
}
