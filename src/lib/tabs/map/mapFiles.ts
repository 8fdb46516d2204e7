import { cardLines, csv } from '$analysis/text/csv.ts';
import { similarityCsv } from '$analysis/workspace/run/similarityFiles.ts';
import type { ColourScale } from '$analysis/figure/colour.ts';
import type { Figure } from '$analysis/figure/marks.ts';
import type { Style } from '$analysis/figure/style.ts';
import { damageCard } from '$analysis/publish/damageCard.ts';
import { runMapFigure } from '$analysis/publish/mapFigure.ts';
import { mapWords, type MapChoice } from '$analysis/publish/mapWords.ts';
import type { RunState } from '../../state/run.svelte.ts';

/** The map on the screen. */
export function mapChoice({ run, url, shown, range, damage }: RunState): MapChoice {
	const { map, metric, view, show } = url;
	const stored = map === 'similarity' ? null : damage.shown;
	return { model: run.model.name, map, metric, view, show, shown, range, stored };
}

/** The map on the screen as a figure. */
export function shownFigure(page: RunState, scale: ColourScale, style: Style): Figure {
	const plan = { spans: page.ranges, dropped: page.dropped };
	return runMapFigure(page.run, mapChoice(page), scale, plan, style);
}

/** The numbers of the map on the screen below its definition card; cells that show nothing are empty. */
export function mapCsv(page: RunState): string {
	const { layers, run, url, shown } = page;
	const { shown: stored } = page.damage;
	if (shown === null) return '';
	const { name } = mapWords(mapChoice(page));
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
