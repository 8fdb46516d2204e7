import { definitionOf } from '$analysis/run/definition.ts';
import type { RunRecord } from '$analysis/run/types.ts';
import type { Similarity } from '$analysis/similarity/types.ts';
import type { SimilarityAnswer } from '$lib/api.ts';

/** More digits than the float32 attention behind them bears out. */
const ROUNDING = 1e7;

/** A row-major matrix as rows, rounded to 7 digits. */
export function rowsOf(matrix: Float64Array, columns: number): number[][] {
	return Array.from({ length: matrix.length / columns }, (_, row) =>
		Array.from(
			matrix.subarray(row * columns, (row + 1) * columns),
			(value) => Math.round(value * ROUNDING) / ROUNDING
		)
	);
}

export function similarityAnswer(similarity: Similarity): SimilarityAnswer {
	const { metric, view, layers, interval } = similarity;
	const rows = (matrix: Float64Array | null) => (matrix ? rowsOf(matrix, layers) : null);
	return {
		metric,
		view,
		matrix: rowsOf(similarity.matrix, layers),
		null: rows(similarity.null),
		low: rows(similarity.low),
		high: rows(similarity.high),
		interval
	};
}

/** CSV that says what it is: comment lines with the definition card, a header of layers, a row a layer. */
export function matrixCsv(record: RunRecord, { metric, view, matrix, layers }: Similarity): string {
	const definition = JSON.stringify(definitionOf(record, metric, view));
	const indices = Array.from({ length: layers }, (_, layer) => layer);
	const lines = [`# ${definition}`, `# ${record.command}`, ['layer', ...indices].join(',')];
	rowsOf(matrix, layers).forEach((row, layer) => lines.push([layer, ...row].join(',')));
	return lines.join('\n') + '\n';
}

/** NumPy's format, version 1.0: magic, header padded so that the data begins at a multiple of 64, float64. */
export function matrixNpy({ matrix, layers }: Similarity): Uint8Array<ArrayBuffer> {
	const preambleLength = 10;
	const dictionary = `{'descr': '<f8', 'fortran_order': False, 'shape': (${layers}, ${layers}), }`;
	const unpadded = preambleLength + dictionary.length + 1;
	const padding = (64 - (unpadded % 64)) % 64;
	const header = `${dictionary}${' '.repeat(padding)}\n`;
	const file = new Uint8Array(preambleLength + header.length + matrix.byteLength);
	file.set([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length & 0xff, header.length >> 8]);
	file.set(Buffer.from(header), preambleLength);
	file.set(
		new Uint8Array(matrix.buffer, matrix.byteOffset, matrix.byteLength),
		preambleLength + header.length
	);
	return file;
}
