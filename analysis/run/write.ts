import { checkSums } from '../similarity/sums.ts';
import type { ViewSums } from '../similarity/types.ts';
import { partFile, partShape, PARTS } from './sumsFiles.ts';
import type { RunRecord, RunWindows } from './types.ts';
import { writeFolder } from './wholeFolder.ts';

/**
 * Writes a run's folder whole or not at all. `files` of the record is worked out from `sums`. Returns the record
 * as written. Throws InputError as `writeFolder`.
 */
export async function writeRun(
	target: string,
	record: Omit<RunRecord, 'files'>,
	sums: readonly ViewSums[],
	windows: RunWindows
): Promise<RunRecord> {
	const parts = sums.flatMap((view) => {
		checkSums(view);
		return PARTS.flatMap((part) => {
			const values = view[part];
			return values
				? [{ file: partFile(view.view, part), shape: partShape(part, view), values }]
				: [];
		});
	});
	const whole: RunRecord = {
		...record,
		files: Object.fromEntries(
			parts.map(({ file, shape }) => [file, { dtype: 'float64' as const, shape }])
		)
	};
	await writeFolder(
		target,
		[
			...parts.map(({ file, values }) => ({ file, bytes: bytesOf(values) })),
			{ file: 'windows.json', bytes: Buffer.from(JSON.stringify(windows)) },
			{ file: 'run.json', bytes: Buffer.from(`${JSON.stringify(whole, null, '\t')}\n`) }
		],
		'run'
	);
	return whole;
}

/** A typed array's own bytes; every machine onnxruntime runs on is little-endian. */
function bytesOf(values: Float64Array): Uint8Array {
	return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
