import { benchRows, costRows } from '../../../measure/bench/rows.ts';
import {
	costMeasuredWords,
	costWords,
	measuredWords,
	netWords
} from '../../../measure/bench/words.ts';
import { planWords } from '../../../text/plan.ts';
import { whatIsGained } from '../../answers.ts';
import { html, type Html } from '../html.ts';
import { table } from '../table.ts';
import type { ReportedKind, StoredOf } from './reportedKind.ts';

/** Times, memory and cost of the newest bench. */
export const bench: ReportedKind<StoredOf<'bench'>> = {
	kind: 'bench',
	question: {
		words: 'What do I gain?',
		options: ['--plan', 'plan.json'],
		answer: (summaries, lead) => {
			const own = lead === null ? null : whatIsGained(summaries, lead);
			const timed = summaries.find(({ bench }) => bench !== null)?.bench ?? null;
			return own ?? (timed === null ? null : whatIsGained(summaries, timed.sources));
		},
		about: ({ bench }) => bench?.sources
	},
	most: 1,
	section: ([stored], { labelOf }) => benched(stored, labelOf(stored)),
	terms: ['ratio']
};

function benched({ result }: StoredOf<'bench'>, label: Html | null): Html {
	const { plan, bench } = result;
	const header = ['', 'Baseline', 'Planned', 'Planned ÷ baseline', 'Saving, predicted'];
	const two = ({ main, below }: { main: string; below: string }) =>
		html`${main}${below === '' ? null : html` <span class="small muted">${below}</span>`}`;
	const rows = benchRows(bench).map(({ figure, baseline, planned, ratio, predicted }) => [
		figure.name,
		two(baseline),
		two(planned),
		two(ratio),
		two(predicted)
	]);
	const costHeader = ['nats/token', 'Baseline', 'Planned', 'Increase'];
	const costs = costRows(bench).map(({ name, baseline, planned, increase }) => [
		...[name, baseline, planned, increase]
	]);
	return html`<section>
		<h2>As a deployed model</h2>
		${label}
		<p>${netWords(bench)} <span class="muted">Plan: ${planWords(plan.sources)}.</span></p>
		${table('Times and memory', header, rows)}
		<p>${costWords(bench)}</p>
		${costs.length === 0 ? null : table('Loss and recall', costHeader, costs)}
		${bench.cost ? html`<p class="small muted">${costMeasuredWords(bench.cost)}</p>` : null}
		<p class="small muted">${measuredWords(bench)}.</p>
	</section>`;
}
