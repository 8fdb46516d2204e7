import { benchRows, costRows } from '../../measure/bench/rows.ts';
import {
	costMeasuredWords,
	costWords,
	measuredWords,
	netWords
} from '../../measure/bench/words.ts';
import type { BenchReport } from '../../measure/bench/benchTypes.ts';
import type { Evaluation } from '../../measure/evaluate/types.ts';
import type { ResultKind, ResultSummary, StoredResult } from '../../measure/results/types.ts';
import type { Search } from '../../measure/search/types.ts';
import type { Tune } from '../../measure/tune/types.ts';
import { comparisonWords, settingWords } from '../../measure/tune/words.ts';
import { AXIS_NAMES } from '../../plan/axes.ts';
import type { Plan } from '../../plan/types.ts';
import { lossText, withInterval } from '../../text/interval.ts';
import {
	formatPercent,
	formatShortPercent,
	formatSigned,
	formatTime,
	formatValue
} from '../../text/number.ts';
import { planWords } from '../../text/plan.ts';
import { SINGLE, WIDTHS, type Style } from '../../figure/style.ts';
import type { RunRecord } from '../../workspace/run/types.ts';
import { textWords } from '../damageCard.ts';

import { frontCaption, searchFrontFigure } from '../runFigures.ts';
import { drawing } from './drawing.ts';
import { harnessSections } from './harness.ts';
import { html, type Html, type Part } from './html.ts';
import { labelPart } from './labels.ts';
import { MOST_ROWS, table } from './table.ts';
import type { ReportSource } from './types.ts';

/** Style of figures in a report: without title and caption, whose words stand beside the figure. */
export const REPORT_STYLE: Style = {
	...SINGLE,
	width: WIDTHS.double,
	title: false,
	caption: false
};

/**
 * Returns the sections on measured plans: evaluations, imported comparisons, the newest search, bench and tuning, and
 * other measurements that have a name. Kinds without a measurement get no section.
 */
export function evidenceSections({ run, results, summaries, labels }: ReportSource): Html[] {
	const newest = (kind: ResultKind) => results.find(({ result }) => result.kind === kind);
	const [search, bench, tune] = [newest('search'), newest('bench'), newest('tune')];
	const labelOf = ({ id }: Pick<StoredResult, 'id'>) => labelPart(labels.results[id]);
	const evaluated = results.filter(({ result }) => result.kind === 'evaluate');
	const compared = results.filter(({ result }) => result.kind === 'tasks');
	const shown = [
		newest('damage'),
		search,
		bench,
		tune,
		...evaluated.slice(0, MOST_ROWS),
		...compared
	];
	const others = summaries.filter(({ id }) => !shown.some((each) => each?.id === id));
	return [
		...evaluations(evaluated, labelOf),
		...harnessSections(compared, labelOf),
		...(search?.result.kind === 'search'
			? [searched(run, search, search.result.search, labelOf(search))]
			: []),
		...(bench?.result.kind === 'bench'
			? [benched(bench.result.plan, bench.result.bench, labelOf(bench))]
			: []),
		...(tune?.result.kind === 'tune'
			? [tuned(tune.result.plan, tune.result.tune, labelOf(tune))]
			: []),
		...named(others, labelOf)
	];
}

/** Measurements that stand nowhere else and that somebody has named, in a line each. */
function named(summaries: readonly ResultSummary[], labelOf: LabelOf): Html[] {
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

type LabelOf = (stored: Pick<StoredResult, 'id'>) => Html | null;

function evaluations(results: readonly StoredResult[], labelOf: LabelOf): Html[] {
	const rows = results.flatMap((stored) => {
		const { result } = stored;
		return result.kind === 'evaluate'
			? [evaluationRow(stored, result.plan, result.evaluation, labelOf(stored))]
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

function evaluationRow(
	stored: StoredResult,
	plan: Plan,
	{ report }: Evaluation,
	label: Html | null
): readonly Part[] {
	const { baseline, delta, recall, agreement, choices, gates } = report;
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

function searched(run: RunRecord, stored: StoredResult, search: Search, label: Html | null): Html {
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

function benched({ sources }: Plan, bench: BenchReport, label: Html | null): Html {
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
		<p>${netWords(bench)} <span class="muted">Plan: ${planWords(sources)}.</span></p>
		${table('Times and memory', header, rows)}
		<p>${costWords(bench)}</p>
		${costs.length === 0 ? null : table('Loss and recall', costHeader, costs)}
		${bench.cost ? html`<p class="small muted">${costMeasuredWords(bench.cost)}</p>` : null}
		<p class="small muted">${measuredWords(bench)}.</p>
	</section>`;
}

function tuned({ sources }: Plan, { report }: Tune, label: Html | null): Html {
	return html`<section>
		<h2>Tuning</h2>
		${label}
		<p class="muted">
			Plan: ${planWords(sources)}; ${settingWords(report)}. Held-out text, measured.
		</p>
		<ul class="plain">
			${report.comparisons.map((each) => html`<li>${comparisonWords(each)}</li>`)}
		</ul>
	</section>`;
}
