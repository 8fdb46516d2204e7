import type { PairedTask, Tasks } from '../../../measure/tasks/types.ts';
import {
	differenceWords,
	discordantWords,
	metricWords,
	taskValue
} from '../../../measure/tasks/words.ts';
import { formatWhole } from '../../../text/number.ts';
import { html, type Html, type Part } from '../html.ts';
import { table } from '../table.ts';
import type { ReportedKind, StoredOf } from './reportedKind.ts';

/** More metrics of a comparison than this are no report. */
const MOST_METRICS = 30;

const HEADER = [
	...['Task', 'Metric', 'Questions', 'A', 'B', 'B − A [95% CI]'],
	'Discordant pairs (A : B), McNemar p'
];

/** Runs of lm-evaluation-harness that were imported for these weights, a table each. */
export const tasks: ReportedKind<StoredOf<'tasks'>> = {
	kind: 'tasks',
	most: Infinity,
	section: (shown, { labelOf }) =>
		html`<section>
			<h2>Tasks of lm-evaluation-harness</h2>
			<p class="muted">
				Imported, not measured by Spanwise; paired question by question. 95% CIs are by bootstrap
				over blocks of neighbouring questions; McNemar’s test is exact.
			</p>
			${shown.map((stored) => compared(stored.result.tasks, labelOf(stored)))}
		</section>`,
	cites: () => ['mcNemar', 'harness']
};

function compared({ a, b, rows, notes }: Tasks, label: Html | null): Html {
	const left = rows.length - MOST_METRICS;
	return html`<div class="compared">
		<h3>A: ${a}, B: ${b}</h3>
		${label} ${table(`A: ${a}, B: ${b}`, HEADER, rows.slice(0, MOST_METRICS).map(cells))}
		${left > 0 ? html`<p class="small muted">${left} more metrics are not shown.</p>` : null}
		${notes.map((note) => html`<p class="small muted">${note}</p>`)}
	</div>`;
}

function cells(row: PairedTask): readonly Part[] {
	return [
		row.task,
		metricWords(row),
		formatWhole(row.questions),
		taskValue(row, row.a),
		taskValue(row, row.b),
		differenceWords(row),
		discordantWords(row)
	];
}
