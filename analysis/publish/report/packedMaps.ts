import { base64 } from '../../figure/png.ts';
import type { ColourScale } from '../../figure/colour.ts';
import { intervalLabel } from '../../text/interval.ts';
import { SHOWN } from '../../similarity/shown.ts';
import type { Similarity } from '../../similarity/types.ts';
import type { Sources } from '../../plan/types.ts';
import type { RunRecord } from '../../workspace/run/types.ts';
import { DAMAGE_MAPS, type DamageMapKind, type StoredDamage } from '../damageCard.ts';
import { mapScale } from '../mapFigure.ts';
import { MAP_ABOUT, mapWords, type MapChoice } from '../mapWords.ts';
import { mapPlanOf, shownDamage } from '../runFigures.ts';
import { shownMatrix, shownRange } from '../shown.ts';
import type { PackedMap, PackedMaps, PackedShow } from './types.ts';

/**
 * The maps of a run as the script of a report draws them: similarity by every metric and view, and measured damage.
 * A map of L layers takes 5.4·L² bytes a number (value, null, and the ends of the interval): 126 layers, five metrics and
 * two views, with damage, 3 MB in all.
 */
export function packedMaps(
	run: RunRecord,
	similarities: readonly Similarity[],
	damage: StoredDamage | null,
	plans: readonly Sources[]
): PackedMaps {
	const tables: string[] = [];
	/** Index of a scale's table; equal ones are kept once. */
	const tableOf = ({ table }: ColourScale): number => {
		const packed = base64(new Uint8Array(table));
		if (!tables.includes(packed)) tables.push(packed);
		return tables.indexOf(packed);
	};
	const maps = [
		...similarities.map((each) => similarityMap(run, each, tableOf)),
		...(damage === null
			? []
			: DAMAGE_MAPS.filter(
					(map) => map !== 'recall' || damage.result.damage.report.recall !== undefined
				).map((map) => damageMap(run, damage, map, tableOf)))
	];
	return { layers: run.model.layers, tables, maps, plans: plans.map(mapPlanOf) };
}

type TableOf = (scale: ColourScale) => number;

function similarityMap(run: RunRecord, similarity: Similarity, tableOf: TableOf): PackedMap {
	const { metric, view, matrix, low, high } = similarity;
	const shows = SHOWN.flatMap((show): PackedShow[] => {
		const values = shownMatrix(similarity, show);
		if (values === null) return [];
		const range = shownRange(values, run.model.layers, show);
		const choice: MapChoice = {
			...{ model: run.model.name, map: 'similarity', metric, view, show, range },
			...{ shown: { values, missing: null, range }, stored: null }
		};
		const { name, key } = mapWords(choice);
		const table = tableOf(mapScale('similarity', range, 'viridis'));
		return [{ show, legend: `${name}, view ${view}`, key, range, table }];
	});
	return {
		...{ map: 'similarity', about: MAP_ABOUT.similarity, metric, view, shows },
		directed: metric === 'cosine-matched',
		...{ value: packed(matrix), null: maybe(similarity.null) },
		...{ low: maybe(low), high: maybe(high) },
		interval: similarity.interval === null ? '' : intervalLabel(similarity.interval)
	};
}

function damageMap(
	run: RunRecord,
	stored: StoredDamage,
	map: DamageMapKind,
	tableOf: TableOf
): PackedMap {
	const shown = shownDamage(stored, map);
	const { range } = shown;
	const choice: MapChoice = {
		...{ model: run.model.name, map, metric: run.metrics[0], view: run.views[0] },
		...{ show: 'similarity', shown, range, stored }
	};
	const { name, key } = mapWords(choice);
	const table = tableOf(mapScale(map, range, 'viridis'));
	const { interval } = stored.result.damage.report;
	const ends = map === 'output' ? null : damageEnds(stored, map, run.model.layers);
	return {
		...{ map, about: MAP_ABOUT[map], metric: '', view: '', directed: true },
		...{ value: packed(shown.values), null: null },
		...{ low: ends && packed(ends.low), high: ends && packed(ends.high) },
		interval: interval === null ? '' : intervalLabel(interval),
		shows: [{ show: 'similarity', legend: name, key, range, table }]
	};
}

/** Ends of the intervals of a map of damage, [L, L]; NaN where there are none. */
function damageEnds(stored: StoredDamage, map: 'damage' | 'recall', layers: number) {
	const { report, drops } = stored.result.damage;
	const of =
		map === 'damage'
			? { drops, pairs: report.pairs }
			: { drops: report.recall?.drop ?? [], pairs: report.recall?.pairs ?? [] };
	const low = new Float64Array(layers * layers).fill(NaN);
	const high = low.slice();
	const put = (row: number, column: number, ends: { low: number | null; high: number | null }) => {
		low[row * layers + column] = ends.low ?? NaN;
		high[row * layers + column] = ends.high ?? NaN;
	};
	for (const [layer, ends] of of.drops.entries()) put(layer, layer, ends);
	for (const pair of of.pairs) put(pair.source, pair.follower, pair);
	return { low, high };
}

function maybe(values: Float64Array | null): string | null {
	return values && packed(values);
}

/** Numbers as base64 of float32; every machine Spanwise runs on is little-endian, as JavaScript's typed arrays are there. */
function packed(values: Float64Array): string {
	return base64(new Uint8Array(Float32Array.from(values).buffer));
}
