import type { StoredResult } from '../../measure/results/types.ts';
import { EXPLANATIONS, type Explanation, type Term } from '../../text/explanations.ts';
import { overWords } from '../../text/interval.ts';
import { shellLine } from '../../text/shell.ts';
import { definitionOf, methodsSentence } from '../../workspace/run/definition.ts';
import type { RunRecord } from '../../workspace/run/types.ts';
import { damageCard, damageMethods, type StoredDamage } from '../damageCard.ts';
import { html, type Html } from './html.ts';

interface Reference {
	text: string;
	used: (run: RunRecord, kinds: ReadonlySet<string>, asked: boolean) => boolean;
}

/** Published work that the numbers of a report rest on, and when they do. */
const REFERENCES: readonly Reference[] = [
	{
		text: 'B. Liao and D. V. Vargas. Beyond KV Caching: Shared Attention for Efficient LLMs. arXiv 2407.12866, 2024.',
		used: () => true
	},
	{
		text: 'S. He, G. Sun, Z. Shen and A. Li. What Matters in Transformers? Not All Attention is Needed. arXiv 2406.15786, 2024.',
		used: (_, kinds) => kinds.has('search') || kinds.has('damage')
	},
	{
		text: 'J. Lin. Divergence measures based on the Shannon entropy. IEEE Transactions on Information Theory 37 (1), 1991.',
		used: ({ metrics }) => metrics.includes('js')
	},
	{
		text: 'C. Olsson et al. In-context Learning and Induction Heads. arXiv 2209.11895, 2022.',
		used: ({ induction }) => induction !== undefined
	},
	{
		text: 'B. Efron and R. J. Tibshirani. An Introduction to the Bootstrap. Chapman & Hall, 1993.',
		used: () => true
	},
	{
		text: 'Q. McNemar. Note on the sampling error of the difference between correlated proportions or percentages. Psychometrika 12, 1947.',
		used: (_, kinds, asked) => asked || kinds.has('tasks')
	},
	{
		text: 'L. Gao et al. The Language Model Evaluation Harness. Zenodo, 2024, doi 10.5281/zenodo.12608602.',
		used: (_, kinds) => kinds.has('tasks')
	}
];

/** Writes the text of a methods section, on the run and on its measurements. */
export function methodsText(
	run: RunRecord,
	damage: StoredDamage | null,
	results: readonly StoredResult[]
): string {
	const windows =
		run.windows.length < 2
			? ''
			: ` Intervals are 95%, by bootstrap ${overWords('documents')}; those of one document ${overWords('blocks')}.`;
	const searched = results.some(({ result }) => result.kind === 'search')
		? ' Plans were made from damage on one part of the text, chosen between on a second, and measured once on a third, by differences paired by window.'
		: '';
	return [
		methodsSentence(run, run.metrics[0], run.views[0]) + windows,
		...(damage === null ? [] : [damageMethods(damage)]),
		...(searched === '' ? [] : [searched.trim()])
	].join(' ');
}

/** The published work that a report cites. */
export function referencesOf(run: RunRecord, results: readonly StoredResult[]): string[] {
	const kinds = new Set<string>(results.map(({ result }) => result.kind));
	const asked = results.some(
		({ result }) => result.kind === 'evaluate' && result.evaluation.report.choices !== undefined
	);
	return REFERENCES.filter(({ used }) => used(run, kinds, asked)).map(({ text }) => text);
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

/** The definition card of the run, and that of its damage. */
export function cardsSection(run: RunRecord, damage: StoredDamage | null): Html {
	const cards: [string, object][] = [
		...run.metrics.map((metric): [string, object] => [
			`Similarity: ${metric}`,
			definitionOf(run, metric, run.views[0])
		]),
		...(damage === null ? [] : ([['Damage', damageCard(damage, 'damage')]] as [string, object][]))
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
export function termsSection(run: RunRecord, results: readonly StoredResult[]): Html {
	const kinds = new Set<string>(results.map(({ result }) => result.kind));
	const terms: Term[] = [
		...run.metrics,
		...run.views,
		...(['null', 'excess', 'interval', 'loss', 'measured', 'predicted'] as const),
		...(kinds.has('damage') ? (['output', 'damage', 'recall'] as const) : []),
		...(kinds.has('evaluate') ? (['increase', 'agreement', 'gates'] as const) : []),
		...(kinds.has('search') ? (['verdict'] as const) : []),
		...(kinds.has('bench') ? (['ratio'] as const) : []),
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
