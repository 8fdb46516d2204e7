import type { Figure } from '../figure/marks.ts';
import { profileFigure, type ProfileRow } from '../figure/profile.ts';
import type { Style } from '../figure/style.ts';
import { shortHash } from '../text/hash.ts';
import type { Similarity } from '../similarity/types.ts';
import type { RunRecord } from '../workspace/run/types.ts';
import { textWords, type StoredDamage } from './damageCard.ts';

/** A row of a profile that is not there, and how to have it. */
export interface MissingRow {
	title: string;
	how: string;
}

/** Measures of each layer of a model, row by row, and the measures that are still missing. */
export interface LayerProfile {
	layers: number;
	rows: ProfileRow[];
	missing: MissingRow[];
}

const SIMILARITY = 'similarity to the previous layer';
const DROP_TEXT = 'loss increase when dropped, text (nats/token)';
const DROP_RECALL = 'loss increase when dropped, recall (nats/token)';
const INDUCTION = 'induction score, each head and the highest';

/** Profile of a run's model: its similarity and induction, and the damage of dropping each layer, as far as measured. */
export function layerProfile(
	run: RunRecord,
	similarity: Similarity | null,
	stored: StoredDamage | null
): LayerProfile {
	const { layers } = run.model;
	const rows: ProfileRow[] = [];
	const missing: MissingRow[] = [];
	if (similarity === null) missing.push({ title: SIMILARITY, how: 'it is being read' });
	else rows.push(similarityRow(similarity));
	const damage = stored?.result.damage ?? null;
	if (damage === null) missing.push({ title: DROP_TEXT, how: commandOf(run) });
	else rows.push(dropRow(DROP_TEXT, 'var(--series-2)', damage.drops));
	if (damage?.report.recall) {
		rows.push(dropRow(DROP_RECALL, 'var(--series-6)', damage.report.recall.drop));
	} else missing.push({ title: DROP_RECALL, how: `${commandOf(run)}, without --recall off` });
	if (run.induction) {
		rows.push({
			...{ title: INDUCTION, shape: 'dot', colour: 'var(--series-3)' },
			values: run.induction.map((heads) => Math.max(...heads)),
			each: run.induction
		});
	} else missing.push({ title: INDUCTION, how: 'analyse the model again, without --recall off' });
	return { layers, rows, missing };
}

const commandOf = (run: RunRecord) =>
	`measure damage: spanwise damage ${run.model.name} --text FILE`;

/** Of each layer but the first: its similarity to the one before it. */
function similarityRow({ matrix, low, high, layers, metric, view }: Similarity): ProfileRow {
	const previous = (values: Float64Array) =>
		Array.from({ length: layers }, (_, layer) =>
			layer === 0 ? null : values[(layer - 1) * layers + layer]
		);
	return {
		title: `${SIMILARITY} (${metric}, view ${view})`,
		...{ shape: 'dot', colour: 'var(--series-1)', values: previous(matrix) },
		...(low && high && { low: previous(low), high: previous(high) })
	};
}

function dropRow(
	title: string,
	colour: string,
	drops: readonly { loss: number | null; low: number | null; high: number | null }[]
): ProfileRow {
	return {
		...{ title, shape: 'bar', colour },
		values: drops.map(({ loss }) => loss),
		low: drops.map(({ low }) => low),
		high: drops.map(({ high }) => high)
	};
}

/** Writes the caption of a profile: its rows, the texts measured on, and the commands that make it again. */
export function profileCaption(
	run: RunRecord,
	{ rows }: LayerProfile,
	stored: StoredDamage | null
): string {
	const damage =
		stored === null
			? ''
			: ` Damage: one layer’s attention dropped, measured on ${textWords(stored)}; bars with 95% intervals; arrows: beyond the axis. ${stored.command}.`;
	const documents = run.texts.map(({ name }) => name).join(', ');
	return (
		`${run.model.name} (${shortHash(run.model.hash)}), layer by layer, counted from 0: ${rows.map(({ title }) => title).join('; ')}. ` +
		`Similarity on ${run.tokens} tokens of ${documents}. ${run.command}.${damage}`
	);
}

/** Layer by layer: similarity to the layer before, damage of dropping it, induction. */
export function runProfileFigure(
	run: RunRecord,
	similarity: Similarity | null,
	stored: StoredDamage | null,
	style: Style
): Figure {
	const profile = layerProfile(run, similarity, stored);
	return profileFigure(
		{
			...profile,
			title: `${run.model.name}: layer profile`,
			caption: profileCaption(run, profile, stored)
		},
		style
	);
}
