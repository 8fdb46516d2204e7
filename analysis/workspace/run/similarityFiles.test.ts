import { expect, it } from 'vitest';
import { roundedRows } from '../../text/csv.ts';
import { madeUpRun } from '../../../tests/builders/run.ts';
import { similarityCsv, similarityNpy } from './similarityFiles.ts';

const record = { ...madeUpRun().record, files: {} };
const { layers } = record.model;
const matrix = Float64Array.from({ length: layers * layers }, (_, cell) => 1 / (cell + 3));
/** Values of the matrix as a page has them: rows to 7 digits, sent as JSON. */
const onPage = Float64Array.from(
	(JSON.parse(JSON.stringify(roundedRows(matrix, layers))) as number[][]).flat()
);

it('a matrix is the same bytes from its numbers as from those of the page', () => {
	const shown = { metric: 'cosine', view: 'all' } as const;
	expect(similarityCsv(record, shown, onPage)).toBe(similarityCsv(record, shown, matrix));
	expect(similarityNpy(onPage, layers)).toEqual(similarityNpy(matrix, layers));
});

it('the array holds the numbers of the CSV', () => {
	const lines = similarityCsv(record, { metric: 'cosine', view: 'all' }, matrix)
		.trimEnd()
		.split('\n')
		.slice(-layers);
	const values = lines.flatMap((line) => line.split(',').slice(1).map(Number));
	const bytes = similarityNpy(matrix, layers);
	expect(new Float64Array(bytes.buffer.slice(-8 * layers * layers))).toEqual(
		Float64Array.from(values)
	);
});
