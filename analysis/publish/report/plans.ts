import type { ResultSummary } from '../../measure/results/types.ts';
import { defaultSetting, savings } from '../../plan/savings.ts';
import { spansOf } from '../../plan/spans.ts';
import { startingSources } from '../../plan/starting.ts';
import type { Sources } from '../../plan/types.ts';
import { lossText } from '../../text/interval.ts';
import { formatWhole } from '../../text/number.ts';
import { adviceWords, isPlain, layerList, planCounts, planWords } from '../../text/plan.ts';
import { savingsLines } from '../savingsLines.ts';
import type { RunRecord } from '../../workspace/run/types.ts';
import { html, type Html } from './html.ts';
import type { ReportSource } from './types.ts';

/** A plan that a report shows, and where it comes from. */
export interface ReportPlan {
	sources: Sources;
	/** "found by a search", "chosen for this report", … */
	origin: string;
}

/** More plans than this are no report. */
const MOST_PLANS = 6;

/**
 * The plans of a report, the one that it is about first: the plan that was given where it was evaluated, that of the newest
 * search, any plan that was given, those evaluated and timed; where there are none, the most similar layers as a candidate.
 */
export function reportPlans({ run, similarities, summaries, plan }: ReportSource): ReportPlan[] {
	const given = plan === null ? [] : [{ sources: plan.sources, origin: 'chosen for this report' }];
	const wasMeasured = summaries.some(
		({ evaluation }) => evaluation?.sources.join() === plan?.sources.join()
	);
	const found: ReportPlan[] = [
		...(wasMeasured ? given : []),
		...of(summaries, 'found by a search', ({ search }) => search?.sources),
		...(wasMeasured ? [] : given),
		...of(summaries, 'evaluated on text', ({ evaluation }) => evaluation?.sources),
		...of(summaries, 'timed as a deployed model', ({ bench }) => bench?.sources)
	].filter(({ sources }) => sources.length === run.model.layers && !isPlain(sources));
	const known = new Set<string>();
	const distinct = found.filter(({ sources }) => {
		const key = sources.join();
		if (known.has(key)) return false;
		known.add(key);
		return true;
	});
	if (distinct.length > 0) return distinct.slice(0, MOST_PLANS);
	const matrix = similarities.at(0)?.matrix;
	return matrix === undefined ? [] : candidate(run, matrix);
}

function of(
	summaries: readonly ResultSummary[],
	origin: string,
	sourcesOf: (summary: ResultSummary) => Sources | null | undefined
): ReportPlan[] {
	return summaries.flatMap((summary) => {
		const sources = sourcesOf(summary);
		return sources ? [{ sources, origin }] : [];
	});
}

/** A quarter of the layers following the most similar: where the run page begins. */
function candidate({ model }: RunRecord, matrix: Float64Array): ReportPlan[] {
	const sources = startingSources(matrix, model.reach);
	if (isPlain(sources)) return [];
	return [{ sources, origin: 'a candidate: made from similarity alone, and not measured' }];
}

/** Describes one layer of a plan: its role and, in words, the source of a follower. */
function roleOf(sources: Sources, layer: number): { role: string; words: string } {
	const source = sources[layer];
	if (source === null) return { role: 'dropped', words: 'attention dropped' };
	if (source !== layer) return { role: 'follower', words: `uses the attention of layer ${source}` };
	const shared = sources.some((other, at) => other === layer && at !== layer);
	return shared
		? { role: 'source', words: 'source: computes attention that others use' }
		: { role: 'own', words: 'computes its own attention' };
}

/** A plan: its layers in a row, its spans, what it is predicted to save and what it cost where it was measured. */
export function planSection(
	{ run, summaries }: Pick<ReportSource, 'run' | 'summaries'>,
	{ sources, origin }: ReportPlan,
	first: boolean
): Html {
	const { model } = run;
	const saved = savings(model, sources, defaultSetting(model));
	const dropped = sources.flatMap((source, layer) => (source === null ? [layer] : []));
	const spans = spansOf(sources);
	const measured = summaries.flatMap(({ evaluation, texts }) =>
		evaluation !== null && evaluation.sources.join() === sources.join()
			? [{ evaluation, texts }]
			: []
	);
	return html`<details class="plan" ${first ? html`open` : null}>
		<summary>
			<strong>${planCounts(sources)}</strong>
			<span class="muted">${planWords(sources)} · ${origin}</span>
		</summary>
		<p>${adviceWords(sources)}. Layers count from 0.</p>
		<ol class="layers" aria-label="Layers of the plan">
			${sources.map((_, layer) => {
				const { role, words } = roleOf(sources, layer);
				return html`<li class="${role}" title="layer ${layer}: ${words}">
					<span>${layer}</span>
				</li>`;
			})}
		</ol>
		<p class="legend small muted">
			<span class="own">own attention</span> <span class="source">source</span>
			<span class="follower">follower</span> <span class="dropped">dropped</span>
		</p>
		<div class="columns">
			<div class="scroll" tabindex="0" role="group" aria-label="Layers that share or are dropped">
				<table>
					<thead>
						<tr>
							<th scope="col">Source</th>
							<th scope="col">Followers</th>
						</tr>
					</thead>
					<tbody>
						${spans.map(
							({ source, followers }) =>
								html`<tr>
									<td>${source}</td>
									<td>${layerList(followers)}</td>
								</tr>`
						)}
						${
							spans.length === 0
								? html`<tr>
										<td colspan="2">no layer shares</td>
									</tr>`
								: null
						}
						<tr>
							<th scope="row">Dropped</th>
							<td>${dropped.length === 0 ? 'none' : layerList(dropped)}</td>
						</tr>
						${measured.map(
							({ evaluation, texts }) =>
								html`<tr>
									<th scope="row">Measured on ${texts.join(', ')}</th>
									<td>
										${lossText(evaluation)}
										nats/token${
											evaluation.recall === null ? null : `; recall ${lossText(evaluation.recall)}`
										}
									</td>
								</tr>`
						)}
					</tbody>
				</table>
			</div>
			<div class="scroll" tabindex="0" role="group" aria-label="Savings of the plan">
				<table>
					<caption>
						Savings, predicted: ${formatWhole(saved.context)} tokens, one sequence, bfloat16
					</caption>
					<tbody>
						${savingsLines(saved).flatMap(({ name: group, rows }) =>
							rows.map(
								({ name, value, share }) =>
									html`<tr>
										<th scope="row">${group}: ${name}</th>
										<td class="number">${value}</td>
										<td class="number">${share}</td>
									</tr>`
							)
						)}
					</tbody>
				</table>
			</div>
		</div>
	</details>`;
}
