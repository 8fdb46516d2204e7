import {
	colourScale,
	divergingScale,
	type ColourScale,
	type SequentialName
} from '../figure/colour.ts';
import { mapFigure, type MapFigure } from '../figure/map.ts';
import type { Figure } from '../figure/marks.ts';
import type { Style } from '../figure/style.ts';
import { captionOf } from '../workspace/run/definition.ts';
import type { RunRecord } from '../workspace/run/types.ts';
import { damageCaption } from './damageCard.ts';
import { mapWords, type MapChoice } from './mapWords.ts';

/** Colours of a map: of loss increases around 0, of everything else from low to high. */
export function mapScale(
	map: MapChoice['map'],
	range: readonly [number, number],
	colours: SequentialName
): ColourScale {
	return map === 'damage' || map === 'recall' ? divergingScale(range) : colourScale(colours, range);
}

/** Marks of a plan on a map: squares around its spans, and crosses where attention is dropped. */
export interface MapPlan {
	spans: readonly { first: number; last: number }[];
	dropped: readonly number[];
}

/** Returns the parts of a map's figure: values, colour scale, marks of the plan, title, caption and labels. */
function mapFigureParts(
	run: RunRecord,
	choice: MapChoice,
	scale: ColourScale,
	{ spans, dropped }: MapPlan
): MapFigure {
	const { layers } = run.model;
	const words = mapWords(choice);
	const { map, metric, view, shown, stored } = choice;
	const { values = new Float64Array(layers * layers), missing = null } = shown ?? {};
	const caption =
		map === 'similarity' || stored === null
			? captionOf(run, metric, view)
			: `${damageCaption(stored, map)} · ${words.key}`;
	return {
		...{ rows: layers, columns: layers, values, missing, scale, spans, dropped },
		title: words.title,
		caption: dropped.length > 0 ? `${caption} ×: attention dropped by the plan.` : caption,
		legend: map === 'similarity' ? `${words.name}, view ${view}` : words.name,
		rowTitle: words.rowTitle,
		columnTitle: words.columnTitle
	};
}

/** A map of a run as a figure. */
export function runMapFigure(
	run: RunRecord,
	choice: MapChoice,
	scale: ColourScale,
	plan: MapPlan,
	style?: Style
): Figure {
	return mapFigure(mapFigureParts(run, choice, scale, plan), style);
}
