import { benchRows, costRows } from '../../measure/bench/rows.ts';
import {
	costMeasuredWords,
	costWords,
	measuredWords,
	netWords
} from '../../measure/bench/words.ts';
import type { BenchReport } from '../../measure/bench/benchTypes.ts';
import type { Evaluation } from '../../measure/evaluate/types.ts';
import type { StoredResult } from '../../measure/results/types.ts';
import type { Search } from '../../measure/search/types.ts';
import type { Tune } from '../../measure/tune/types.ts';
import { comparisonWords, settingWords } from '../../measure/tune/words.ts';
import { AXIS_NAMES } from '../../plan/axes.ts';
import type { Plan } from '../../plan/types.ts';
import { lossText, withInterval } from '../../text/interval.ts';
import { formatPercent, formatShortPercent, formatSigned, formatValue } from '../../text/number.ts';
import { planWords } from '../../text/plan.ts';
import { SINGLE, WIDTHS, type Style } from '../../figure/style.ts';
import type { RunRecord } from '../../workspace/run/types.ts';
import { textWords } from '../damageCard.ts';

import { frontCaption, searchFrontFigure } from '../runFigures.ts';
import { drawing } from './drawing.ts';
import { html, type Html, type Part } from './html.ts';

/** More rows than this are no report. */
const MOST_ROWS = 12;

/** How figures are drawn in a report: their words stand beside them. */
export const REPORT_STYLE: Style = {
	...SINGLE,
	width: WIDTHS.double,
	title: false,
	caption: false
};

/** A table that scrolls by itself where a screen is narrow. */
export function table(
	label: string,
	header: readonly string[],
	rows: readonly (readonly Part[])[]
): Html {
	return html`<div class="scroll" tabindex="0" role="group" aria-label="${label}">
		<table>
			<thead>
				<tr>
					${header.map((title) => html`<th scope="col">${title}</th>`)}
				</tr>
			</thead>
			<tbody>
				${rows.map(
					(cells) =>
						html`<tr>
							${cells.map((cell) => html`<td>${cell}</td>`)}
						</tr>`
				)}
			</tbody>
		</table>
	</div>`;
}

/** What was measured of plans: evaluations, the newest search, bench and tuning; nothing of what there is not. */
export function evidenceSections(run: RunRecord, results: readonly StoredResult[]): Html[] {
	const search = results.find(({ result }) => result.kind === 'search');
	const bench = results.find(({ result }) => result.kind === 'bench');
	const tune = results.find(({ result }) => result.kind === 'tune');
	return [
		...evaluations(results),
		...(search?.result.kind === 'search' ? [searched(run, search, search.result.search)] : []),
		...(bench?.result.kind === 'bench' ? [benched(bench.result.plan, bench.result.bench)] : []),
		...(tune?.result.kind === 'tune' ? [tuned(tune.result.plan, tune.result.tune)] : [])
	];
}

function evaluations(results: readonly StoredResult[]): Html[] {
	const rows = results.flatMap((stored) => {
		const { result } = stored;
		return result.kind === 'evaluate'
			? [evaluationRow(stored, result.plan, result.evaluation)]
			: [];
	});
	if (rows.length === 0) return [];
	const header = [
		'Plan',
		'Text',
		'Baseline loss',
		'Loss increase [95% CI]',
		'Recall increase [95% CI]',
		'Top-1 agreement',
		'Accuracy, planned − baseline',
		'Gates'
	];
	return [
		html`<section>
			<h2>Plans on held-out text</h2>
			<p class="muted">
				Baseline and planned model on the same windows; losses in nats/token, measured.
			</p>
			${table('Evaluations', header, rows.slice(0, MOST_ROWS))}
			${
				rows.length > MOST_ROWS
					? html`<p class="small muted">The newest ${MOST_ROWS} of ${rows.length}.</p>`
					: null
			}
		</section>`
	];
}

function evaluationRow(stored: StoredResult, plan: Plan, { report }: Evaluation): readonly Part[] {
	const { baseline, delta, recall, agreement, choices, gates } = report;
	const signed = (value: number) => formatSigned(value, formatPercent);
	const accuracy = choices?.delta.acc;
	return [
		`${planWords(plan.sources)}${plan.repair === null ? '' : ', repaired'}`,
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

function searched(run: RunRecord, stored: StoredResult, search: Search): Html {
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
		<p>${report.verdict.sentence}</p>
		<figure>
			${drawing(figure)}
			<figcaption>${frontCaption(axis, 'text')} ${textWords(stored)}.</figcaption>
		</figure>
		${table('Plans of the search', header, rows)}
	</section>`;
}

function benched({ sources }: Plan, bench: BenchReport): Html {
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
		<p>${netWords(bench)} <span class="muted">Plan: ${planWords(sources)}.</span></p>
		${table('Times and memory', header, rows)}
		<p>${costWords(bench)}</p>
		${costs.length === 0 ? null : table('Loss and recall', costHeader, costs)}
		${bench.cost ? html`<p class="small muted">${costMeasuredWords(bench.cost)}</p>` : null}
		<p class="small muted">${measuredWords(bench)}.</p>
	</section>`;
}

function tuned({ sources }: Plan, { report }: Tune): Html {
	return html`<section>
		<h2>Tuning</h2>
		<p class="muted">
			Plan: ${planWords(sources)}; ${settingWords(report)}. Held-out text, measured.
		</p>
		<ul class="plain">
			${report.comparisons.map((each) => html`<li>${comparisonWords(each)}</li>`)}
		</ul>
	</section>`;
}
