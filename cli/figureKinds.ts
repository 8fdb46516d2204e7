import { runProfileFigure } from '../analysis/publish/profile.ts';
import { engineFor } from '../analysis/engine/engineFor.ts';
import { InputError } from '../analysis/errors.ts';
import type { SequentialName } from '../analysis/figure/colour.ts';
import type { Figure } from '../analysis/figure/marks.ts';
import type { Style } from '../analysis/figure/style.ts';
import { checkSameModel } from '../analysis/model/sameModel.ts';
import { withModel, type Model } from '../analysis/model/open.ts';
import { opening } from '../analysis/measure/torchFlags.ts';
import type { TokenMaps } from '../analysis/engine/engine.ts';
import { torchOfRun } from '../analysis/workspace/run/torchOfRun.ts';
import type { SavingAxis } from '../analysis/plan/axes.ts';
import type { DamageMapKind } from '../analysis/publish/damageCard.ts';
import { isDamage } from '../analysis/publish/damageCard.ts';
import type { CostShown } from '../analysis/publish/front.ts';
import {
	comparedMapsFigure,
	damageMapFigure,
	importanceFigure,
	searchFrontFigure,
	similarityMapFigure,
	tokensFigure,
	type MapLook
} from '../analysis/publish/runFigures.ts';
import {
	resultFor,
	resultsFor,
	similarityFor,
	type RunSource
} from '../analysis/publish/source.ts';
import type { Shown } from '../analysis/similarity/shown.ts';
import type { Metric, View } from '../analysis/similarity/types.ts';
import { readWindows } from '../analysis/workspace/run/read.ts';
import { checkMeasured } from './measured.ts';
import { readPlan } from './planFile.ts';

export const FIGURE_KINDS = [
	'map',
	'profile',
	'damage',
	'front',
	'compare',
	'tokens',
	'importance',
	'dynamics'
] as const;
export type FigureKind = (typeof FIGURE_KINDS)[number];
/** Kind of a figure of runs; trainings are drawn by their own ids. */
export type RunFigureKind = Exclude<FigureKind, 'dynamics'>;

/** Options of a figure, beside its run. */
export interface FigureChoice {
	metric: Metric;
	view: View;
	show: Shown;
	measure: DamageMapKind;
	axis?: SavingAxis;
	against: CostShown;
	range?: [number, number];
	plan?: string;
	result?: string;
	layers?: number[];
	heads?: number[];
	window: number;
}

/** The figure of a kind. Throws InputError where what it draws was not measured. */
export async function figureOf(
	kind: RunFigureKind,
	sources: readonly RunSource[],
	choice: FigureChoice,
	style: Style
): Promise<Figure> {
	const [source] = sources;
	const { record } = source;
	const { metric, view } = choice;
	if (kind === 'compare') {
		const runs = [];
		for (const each of sources) {
			checkMeasured(each.record, metric, view);
			runs.push({ run: each.record, similarity: await similarityFor(each, metric, view) });
		}
		return comparedMapsFigure(runs, style, choice.range ?? null);
	}
	if (sources.length > 1)
		throw new InputError(`--kind ${kind}: found ${sources.length} runs; it draws one`);
	const plan = choice.plan === undefined ? null : await readPlan(choice.plan);
	const colours: SequentialName = 'viridis';
	const look: MapLook = { plan: plan?.sources ?? null, range: choice.range ?? null, colours };
	if (plan !== null && plan.sources.length !== record.model.layers)
		throw new InputError(
			`--plan: found ${plan.sources.length} layers; ${record.model.name} has ${record.model.layers}`
		);
	if (kind === 'tokens') return headMaps(source, choice, style);
	if (kind === 'front' || kind === 'importance') {
		const stored = await resultFor(source, 'search', choice.result);
		if (stored.result.kind !== 'search') throw new InputError('--result: not a search');
		const { search } = stored.result;
		const { axis, against: cost } = choice;
		if (kind === 'front') return searchFrontFigure(record, stored, search, { axis, cost }, style);
		if (search.report.importance !== undefined)
			return importanceFigure(record, stored, search.report.importance, style);
		throw new InputError(`${stored.id}: an earlier version kept no importance; search again`);
	}
	if (kind === 'damage') {
		const stored = await resultFor(source, 'damage', choice.result);
		if (!isDamage(stored)) throw new InputError('--result: not a damage map');
		return damageMapFigure(record, stored, choice.measure, look, style);
	}
	checkMeasured(record, metric, view);
	const similarity = await similarityFor(source, metric, view);
	if (kind === 'profile') {
		const stored =
			choice.result === undefined
				? (await resultsFor(source, 'damage')).at(0)
				: await resultFor(source, 'damage', choice.result);
		return runProfileFigure(record, similarity, stored && isDamage(stored) ? stored : null, style);
	}
	const figure = similarityMapFigure(record, similarity, choice.show, look, style);
	if (figure !== null) return figure;
	throw new InputError(
		`--show ${choice.show}: ${metric} has none in this run; null and excess take a cosine and two windows or more`
	);
}

async function headMaps(
	{ folder, record, home }: RunSource,
	{ layers = [0], heads = [0], window }: FigureChoice,
	style: Style
): Promise<Figure> {
	const { windows } = await readWindows(folder, record);
	const within = (values: readonly number[], option: string, most: number) => {
		const wrong = values.find((value) => value >= most);
		if (wrong !== undefined)
			throw new InputError(`${option}: found ${wrong}; expected 0 to ${most - 1}`);
	};
	within(layers, '--layers', record.model.layers);
	within(heads, '--heads', record.model.heads);
	within([window], '--window', windows.length);
	if (heads.length !== 1 && heads.length !== layers.length)
		throw new InputError(
			`--heads: found ${heads.length}; expected 1, or one for each of ${layers.length} layers`
		);
	const { ids, pieces } = windows[window];
	const wanted = [...new Set(layers)].sort((a, b) => a - b);
	const torch = torchOfRun(record);
	const looked = async (model: Model): Promise<TokenMaps> => {
		await checkSameModel(model, record.model.hash, home);
		return engineFor(model, torch).tokenMaps({ ids, layers: wanted });
	};
	const { data, shape } = await withModel(record.model.folder, looked, opening({ torch }));
	const [, headCount, queries, keys] = shape;
	const drawn = layers.map((layer, at) => {
		const head = heads[heads.length === 1 ? 0 : at];
		const from = (wanted.indexOf(layer) * headCount + head) * queries * keys;
		return { layer, head, values: data.subarray(from, from + queries * keys) };
	});
	return tokensFigure(record, window, pieces.slice(0, queries), drawn, style);
}
