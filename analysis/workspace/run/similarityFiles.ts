import { cardLines, matrixCsv, roundedRows } from '../../text/csv.ts';
import { toNpy } from '../../text/npy.ts';
import type { Metric, View } from '../../similarity/types.ts';
import { definitionOf } from './definition.ts';
import type { RunRecord } from './types.ts';

/**
 * A matrix of every two layers of a run as CSV, the same from the command, the page and the server: definition card, the
 * command that made the run, rows. `values` says what it holds where that is not the similarity itself.
 */
export function similarityCsv(
	record: RunRecord,
	{ metric, view, values }: { metric: Metric; view: View; values?: string },
	matrix: Float64Array
): string {
	return (
		cardLines({
			...(values !== undefined && { values }),
			...definitionOf(record, metric, view),
			command: record.command
		}) + matrixCsv(matrix, record.model.layers, null)
	);
}

/** The same numbers, to the same 7 digits, in NumPy's format: the same from the page and the server. */
export function similarityNpy(matrix: Float64Array, layers: number): Uint8Array<ArrayBuffer> {
	return toNpy(Float64Array.from(roundedRows(matrix, layers).flat()), [layers, layers]);
}
