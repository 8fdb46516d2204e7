import type { Definition, Plan } from '../types.ts';

type Cell = string | number | null;

/** The spans of a plan, one a row, with what they were measured by. RFC 4180, header first. */
export function spansCsv(plan: Plan): string {
	const { definition, model } = plan;
	const header = [
		'source',
		'followers',
		'length',
		'head_map',
		'score',
		'metric',
		'view',
		'context',
		'windows',
		'tokens',
		'model',
		'model_hash',
		'version'
	];
	const rows = plan.spans.map((span): Cell[] => [
		span.source,
		span.followers.join(' '),
		span.followers.length + 1,
		span.headMap === 'identity' ? 'identity' : JSON.stringify(span.headMap),
		span.score,
		definition?.metric ?? null,
		definition?.view ?? null,
		definition?.context ?? null,
		definition?.windows ?? null,
		definition?.tokens ?? null,
		model.name,
		model.hash,
		plan.createdBy.version
	]);
	return csv([header, ...rows]);
}

/**
 * A matrix [rows, columns] with the indices of its layers (or heads) along the top and the left. With a
 * definition, comment lines beginning with # say before it how the numbers came about.
 */
export function matrixCsv(
	matrix: Float64Array,
	columns: number,
	definition: Definition | null,
	axis: 'layer' | 'head' = 'layer'
): string {
	const rows = matrix.length / columns;
	const header: Cell[] = [axis, ...Array.from({ length: columns }, (_, column) => column)];
	const body = Array.from({ length: rows }, (_, row): Cell[] => [
		row,
		...matrix.subarray(row * columns, (row + 1) * columns)
	]);
	return (definition === null ? '' : definitionLines(definition)) + csv([header, ...body]);
}

/** A definition card as comment lines that begin with #, for the top of a CSV file. */
export function definitionLines(definition: Definition): string {
	return cardLines({ ...definition });
}

/** Anything that says how numbers came about, as comment lines that begin with #. */
export function cardLines(card: Readonly<Record<string, unknown>>): string {
	return Object.entries(card)
		.map(
			([name, value]) =>
				`# ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}\r\n`
		)
		.join('');
}

/** Lines of cells; a cell with a comma, a quote or a line break is quoted, null is empty. */
export function csv(rows: readonly (readonly Cell[])[]): string {
	return rows.map((row) => `${row.map(quoted).join(',')}\r\n`).join('');
}

function quoted(cell: Cell): string {
	const text = String(cell ?? '');
	return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
