import { cardLines, csv } from '$analysis/text/csv.ts';
import { captionOf } from '$analysis/workspace/run/definition.ts';
import { similarityCsv } from '$analysis/workspace/run/similarityFiles.ts';
import type { ColourScale } from '$analysis/figure/colour.ts';
import { mapFigure } from '$analysis/figure/map.ts';
import type { Figure } from '$analysis/figure/marks.ts';
import { damageCaption, damageCard } from './damageCard.ts';
import { mapWords } from './mapWords.ts';
import type { RunState } from '../../state/run.svelte.ts';

/** The map on the screen as a figure. */
export function shownFigure(page: RunState, scale: ColourScale): Figure {
	const { layers, run, url } = page;
	const words = mapWords(page);
	const { values = new Float64Array(layers * layers), missing = null } = page.shown ?? {};
	const cells = { rows: layers, columns: layers, values, missing, scale };
	const caption =
		url.map !== 'similarity' && page.damage.shown !== null
			? `${damageCaption(page.damage.shown, url.map)} · ${words.key}`
			: captionOf(run, url.metric, url.view);
	return mapFigure({
		...cells,
		title: words.title,
		caption: page.dropped.length > 0 ? `${caption} ✕: attention left out by the plan.` : caption,
		legend: url.map === 'similarity' ? `${words.name}, view ${url.view}` : words.name,
		rowTitle: words.rowTitle,
		columnTitle: words.columnTitle,
		spans: page.ranges,
		dropped: page.dropped
	});
}

/** The numbers of the map on the screen below its definition card; cells that show nothing are empty. */
export function mapCsv(page: RunState): string {
	const { layers, run, url, shown } = page;
	const { shown: stored } = page.damage;
	if (shown === null) return '';
	const { name } = mapWords(page);
	if (url.map === 'similarity' || stored === null) {
		const { metric, view, show } = url;
		const values = show === 'similarity' ? undefined : name;
		return similarityCsv(run, { metric, view, values }, shown.values);
	}
	const indices = Array.from({ length: layers }, (_, layer) => layer);
	const rows = indices.map((row) => [
		row,
		...indices.map((column) => {
			const cell = row * layers + column;
			return shown.missing?.[cell] === 1 ? null : shown.values[cell];
		})
	]);
	return (
		cardLines({ values: name }) +
		cardLines(damageCard(stored, url.map)) +
		csv([['source \\ follower', ...indices], ...rows])
	);
}
