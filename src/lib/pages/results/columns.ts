import type { OverviewTable } from '$analysis/measure/overview/table.ts';
import type { Value } from '$analysis/measure/overview/rows.ts';
import { formatPercent, formatSigned, formatTime, formatValue } from '$analysis/text/number.ts';
import type { Term } from '$analysis/text/explanations.ts';
import type { Column } from '../../table/view.ts';

export type ResultRow = Record<string, Value>;

const ABOUT: Readonly<Record<string, string>> = {
	rank: '1 is the lowest loss increase of the model',
	loss: 'Loss increase, nats/token, measured',
	low: 'Low end of the 95% CI',
	high: 'High end of the 95% CI',
	similarity:
		'Mean cosine (view all) of followers to their sources, in the newest run of the model',
	saved: 'Fraction of the KV cache that is saved, predicted'
};
const TERMS: Readonly<Partial<Record<string, Term>>> = {
	loss: 'increase',
	low: 'interval',
	similarity: 'cosine',
	saved: 'saved'
};
const FORMATS: Readonly<Record<string, (value: number) => string>> = {
	loss: (value) => formatSigned(value),
	low: (value) => formatSigned(value),
	high: (value) => formatSigned(value),
	similarity: (value) => formatValue(value),
	saved: (value) => formatPercent(value)
};

/** Columns of a table of results, as the command prints it. */
export function resultColumns({ columns, rows }: OverviewTable): Column<ResultRow>[] {
	return columns.map((key) => ({
		key,
		title: key.charAt(0).toUpperCase() + key.slice(1),
		about: ABOUT[key],
		term: TERMS[key],
		// They stand with the id.
		hidden: ['label', 'tags', 'note', 'pinned'].includes(key),
		align: rows.some((row) => typeof row[key] === 'number') ? 'right' : 'left',
		value: (row) => row[key],
		format: (value) =>
			value === null
				? '–'
				: key === 'created'
					? formatTime(String(value))
					: typeof value === 'number'
						? (FORMATS[key] ?? String)(value)
						: String(value)
	}));
}
