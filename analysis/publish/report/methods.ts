import type { StoredResult } from '../../measure/results/types.ts';
import { EXPLANATIONS, type Explanation, type Term } from '../../text/explanations.ts';
import { overWords } from '../../text/interval.ts';
import { shellLine } from '../../text/shell.ts';
import { definitionOf, methodsSentence } from '../../workspace/run/definition.ts';
import type { RunRecord } from '../../workspace/run/types.ts';
import type { MeasuredKind } from './evidence.ts';
import { html, type Html } from './html.ts';
import { REFERENCES, type Reference } from './references.ts';

/** Writes the text of a methods section, on the run and on its measurements. */
export function methodsText(run: RunRecord, measured: readonly MeasuredKind[]): string {
	const windows =
		run.windows.length < 2
			? ''
			: ` Intervals are 95%, by bootstrap ${overWords('documents')}; those of one document ${overWords('blocks')}.`;
	return [
		methodsSentence(run, run.metrics[0], run.views[0]) + windows,
		...measured.flatMap(({ reported, own }) => reported.methods?.(own) ?? [])
	].join(' ');
}

/** The published work that a report cites, for the run and for what was measured. */
export function referencesOf(run: RunRecord, measured: readonly MeasuredKind[]): string[] {
	const cited: ReadonlySet<string> = new Set<Reference>([
		'sharedAttention',
		'bootstrap',
		...(run.metrics.includes('js') ? (['divergence'] as const) : []),
		...(run.induction === undefined ? [] : (['induction'] as const)),
		...measured.flatMap(({ reported, own }) => reported.cites?.(own) ?? [])
	]);
	return Object.entries(REFERENCES).flatMap(([name, text]) => (cited.has(name) ? [text] : []));
}

/** The commands that make a report's numbers again, each once, and the report itself. */
export function commandsOf(run: RunRecord, results: readonly StoredResult[]): string[] {
	return [
		...new Set([
			run.command,
			...results.map(({ command }) => command).reverse(),
			shellLine(['spanwise', 'report', run.id])
		])
	];
}

/** The definition cards of the run, and those of its measurements. */
export function cardsSection(run: RunRecord, measured: readonly MeasuredKind[]): Html {
	const cards = [
		...run.metrics.map((metric): [string, object] => [
			`Similarity: ${metric}`,
			definitionOf(run, metric, run.views[0])
		]),
		...measured.flatMap(({ reported, own }) => Object.entries(reported.cards?.(own) ?? {}))
	];
	return html`${cards.map(
		([name, card]) =>
			html`<details>
				<summary>${name}</summary>
				<dl class="card">
					${Object.entries(card).map(
						([key, value]) =>
							html`<dt>${key}</dt>
								<dd>${cardValue(value)}</dd>`
					)}
				</dl>
			</details>`
	)}`;
}

function cardValue(value: unknown): string {
	if (typeof value === 'string' || typeof value === 'number') return String(value);
	if (!Array.isArray(value)) return JSON.stringify(value);
	return value
		.map((each: unknown) =>
			typeof each === 'object' && each !== null ? Object.values(each).join(', ') : String(each)
		)
		.join('; ');
}

/** Returns a list of the words and measures of a report, with their meaning, formula and source. */
export function termsSection(run: RunRecord, measured: readonly MeasuredKind[]): Html {
	const terms: Term[] = [
		...run.metrics,
		...run.views,
		...(['null', 'excess', 'interval', 'loss', 'measured', 'predicted'] as const),
		...measured.flatMap(({ reported }) => reported.terms ?? []),
		...(['kvCache', 'parameters', 'prefill', 'decode'] as const)
	];
	return html`<dl class="terms">
		${terms.map((term) => {
			const { name, sentence, formula, source }: Explanation = EXPLANATIONS[term];
			return html`<dt>${name}</dt>
				<dd>
					${sentence}${formula === undefined ? null : html`<br /><code>${formula}</code>`}${
						source === undefined
							? null
							: html`<br /><span class="small muted">Source: ${source}.</span>`
					}
				</dd>`;
		})}
	</dl>`;
}
