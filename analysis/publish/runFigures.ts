import { InputError } from '../errors.ts';
import { colourScale, type SequentialName } from '../figure/colour.ts';
import { mapFigure } from '../figure/map.ts';
import { mapsFigure } from '../figure/maps.ts';
import type { Figure } from '../figure/marks.ts';
import { pointFigure } from '../figure/pointFigure.ts';
import { profileFigure } from '../figure/profile.ts';
import { similarityRange, unionRange } from '../figure/range.ts';
import type { Style } from '../figure/style.ts';
import type { Search } from '../measure/search/types.ts';
import type { StoredResult } from '../measure/results/types.ts';
import { AXIS_NAMES, type SavingAxis } from '../plan/axes.ts';
import { shortHash } from '../text/hash.ts';
import { spansOf } from '../plan/spans.ts';
import type { Sources } from '../plan/types.ts';
import type { Shown } from '../similarity/shown.ts';
import type { Similarity } from '../similarity/types.ts';
import { captionOf } from '../workspace/run/definition.ts';
import type { RunRecord } from '../workspace/run/types.ts';
import { textWords, type DamageMapKind, type StoredDamage } from './damageCard.ts';
import { damageTables } from './damageTables.ts';
import { COST_NAMES, costsOf, frontChart, frontPlot, type CostShown } from './front.ts';
import { mapScale, runMapFigure, type MapPlan } from './mapFigure.ts';
import type { MapChoice } from './mapWords.ts';
import { damageMap, outputMap, recallMap, type MapShown } from './mapShown.ts';
import { shownMatrix, shownRange } from './shown.ts';
import { causalQuantile, futureMask, tokenLabel } from './tokens.ts';

/** Spans and dropped layers of a plan as a map draws them; none without one. */
export function mapPlanOf(sources: Sources | null): MapPlan {
	if (sources === null) return { spans: [], dropped: [] };
	return {
		spans: spansOf(sources).map(({ source, followers }) => ({
			first: source,
			last: followers.at(-1) ?? source
		})),
		dropped: sources.flatMap((source, layer) => (source === null ? [layer] : []))
	};
}

/** Options of a map of a run, beside its style. */
export interface MapLook {
	plan: Sources | null;
	/** Range of the colours; from the values unless given. */
	range: readonly [number, number] | null;
	colours: SequentialName;
}

/** Similarity of every two layers of a run; null: the run has no such map (a null of one window, say). */
export function similarityMapFigure(
	run: RunRecord,
	similarity: Similarity,
	show: Shown,
	look: MapLook,
	style: Style
): Figure | null {
	const values = shownMatrix(similarity, show);
	if (values === null) return null;
	const shown = { values, missing: null, range: shownRange(values, run.model.layers, show) };
	const { metric, view } = similarity;
	return ofMap(run, { map: 'similarity', metric, view, show, shown, stored: null }, look, style);
}

/** Damage of a run's model, by one of its measures. */
export function damageMapFigure(
	run: RunRecord,
	stored: StoredDamage,
	map: DamageMapKind,
	look: MapLook,
	style: Style
): Figure {
	const shown = shownDamage(stored, map);
	const choice = { map, metric: run.metrics[0], view: run.views[0], show: 'similarity' } as const;
	return ofMap(run, { ...choice, shown, stored }, look, style);
}

/** The map of a measure of damage. */
export function shownDamage(stored: StoredDamage, map: DamageMapKind): MapShown {
	const { report, drops } = stored.result.damage;
	const of = { damage: damageMap, recall: recallMap, output: outputMap }[map];
	return of(damageTables({ ...report, drops }));
}

function ofMap(
	run: RunRecord,
	choice: Omit<MapChoice, 'model' | 'range'>,
	{ plan, range, colours }: MapLook,
	style: Style
): Figure {
	const used = range ?? choice.shown?.range ?? [0, 1];
	return runMapFigure(
		run,
		{ ...choice, model: run.model.name, range: used },
		mapScale(choice.map, used, colours),
		mapPlanOf(plan),
		style
	);
}

/** Of each layer, how far its attention turns the state: LLM-Drop's importance (He et al., arXiv 2406.15786). */
export function importanceFigure(
	run: RunRecord,
	stored: StoredResult,
	importance: readonly number[],
	style: Style
): Figure {
	return profileFigure(
		{
			layers: importance.length,
			rows: [
				{
					...{
						title: 'importance, 1 − cos(x, x + Attn(x))',
						shape: 'bar',
						colour: 'var(--series-1)'
					},
					values: importance
				}
			],
			title: `${run.model.name}: importance of attention, layer by layer`,
			caption: `Mean of 1 − cos(x, x + Attn(x)) over tokens, x the state before a layer, measured (LLM-Drop, arXiv 2406.15786). ${run.model.name} (${shortHash(run.model.hash)}), ${textWords(stored)}. ${stored.command}.`
		},
		style
	);
}

/** Draws predicted savings against held-out loss, recall or accuracy of a search. Throws InputError if not measured. */
export function searchFrontFigure(
	run: RunRecord,
	stored: StoredResult,
	search: Search,
	{ axis, cost }: { axis?: SavingAxis; cost: CostShown },
	style: Style
): Figure {
	if (!costsOf(search.report).includes(cost))
		throw new InputError(
			`${stored.id}: this search did not measure ${COST_NAMES[cost]}; measured: ${costsOf(search.report).join(', ')}`
		);
	const on = axis ?? search.report.target.axis;
	const chart = frontChart(search.report, on, run.model, search.context, [], cost);
	return pointFigure(
		{
			title: `${search.model.name}: savings vs. ${COST_NAMES[cost]}`,
			caption: `${frontCaption(on, cost)} ${search.model.name} (${shortHash(search.model.hash)}), ${textWords(stored)}. ${stored.command}.`,
			...frontPlot(chart, search.report, on, cost)
		},
		style
	);
}

/** Describes the axes of a front, for its caption. */
export function frontCaption(axis: SavingAxis, cost: CostShown): string {
	const name = COST_NAMES[cost];
	const on = cost === 'accuracy' ? 'questions' : 'text';
	return `${name[0].toUpperCase()}${name.slice(1)} on held-out ${on} with 95% intervals, measured; savings of the ${AXIS_NAMES[axis]}, predicted.`;
}

/** Maps of several runs side by side, under one scale. */
export function comparedMapsFigure(
	runs: readonly { run: RunRecord; similarity: Similarity }[],
	style: Style,
	range: readonly [number, number] | null = null
): Figure {
	const { metric, view } = runs[0].similarity;
	const own = runs.map(({ run, similarity }) =>
		similarityRange(similarity.matrix, run.model.layers)
	);
	const one = range ?? unionRange(own);
	const directed = metric === 'cosine-matched';
	return mapsFigure(
		{
			title: `${metric} of attention, layer by layer`,
			caption: runs.map(({ run }) => captionOf(run, metric, view)).join('. '),
			maps: runs.map(({ run, similarity }, at) => ({
				...{ rows: run.model.layers, columns: run.model.layers, values: similarity.matrix },
				title: nameOf(runs, at),
				caption: '',
				scale: colourScale('viridis', style.ownScales && range === null ? own[at] : one),
				legend: `${metric}, view ${view}`,
				rowTitle: directed ? 'source layer' : 'layer',
				columnTitle: directed ? 'follower layer' : 'layer'
			}))
		},
		style
	);
}

/** The model's name; with the run's id where another is of a model of that name. */
function nameOf(runs: readonly { run: RunRecord }[], at: number): string {
	const { id, model } = runs[at].run;
	const same = runs.filter(({ run }) => run.model.name === model.name).length;
	return same > 1 ? `${model.name} (${id})` : model.name;
}

/** Attention of one head, or of several side by side, from token to token of a window. */
export function tokensFigure(
	run: RunRecord,
	window: number,
	pieces: readonly string[],
	heads: readonly { layer: number; head: number; values: Float32Array }[],
	style: Style
): Figure {
	const tokens = pieces.length;
	const all = { from: 0, to: tokens };
	const top = causalQuantile(
		heads.map(({ values }) => values),
		tokens,
		0.98
	);
	const scale = colourScale('magma', [0, Math.max(0.01, Math.ceil(top * 100) / 100)]);
	const label = (index: number) => `${index} ${tokenLabel(pieces[index] ?? '')}`;
	const { document, start } = run.windows[window];
	const caption =
		`Attention probabilities, rows queries, columns keys, window ${window} of ${run.texts[document]?.name ?? ''} from character ${start}, ${tokens} tokens; ` +
		`${run.model.name}, model ${shortHash(run.model.hash)}. The range of the colours holds 98% of the entries. ${run.command}`;
	const maps = heads.map(({ layer, head, values }) => ({
		...{ rows: tokens, columns: tokens, values, scale, caption },
		title: `layer ${layer}, head ${head}`,
		missing: futureMask({ rows: all, columns: all }),
		legend: 'probability',
		...{ rowTitle: 'query', columnTitle: 'key', rowLabel: label, columnLabel: label, turned: 28 }
	}));
	if (maps.length === 1)
		return mapFigure({ ...maps[0], title: `${run.model.name}: ${maps[0].title}` }, style);
	return mapsFigure({ title: `${run.model.name}: attention`, caption, maps }, style);
}
