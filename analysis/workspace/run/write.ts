import { sealed, sha256 } from '../../edge/seal.ts';
import { checkSums } from '../../similarity/sums.ts';
import type { ViewSums } from '../../similarity/types.ts';
import { partFile, partShape, PARTS, WINDOWS_FILE } from './sumsFiles.ts';
import type { RunRecord, RunWindows } from './types.ts';
import { writeFolder } from '../wholeFolder.ts';

/**
 * Writes a run's folder whole or not at all. `files` and the checksums of the record are worked out from what is
 * written. Returns the record as written. Throws InputError as `writeFolder`.
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
	const beside = [
		...parts.map(({ file, values }) => ({ file, bytes: bytesOf(values) })),
		{ file: WINDOWS_FILE, bytes: Buffer.from(JSON.stringify(windows)) }
	];
	const whole: RunRecord = sealed({
		...record,
		files: Object.fromEntries(
			parts.map(({ file, shape }) => [file, { dtype: 'float64' as const, shape }])
		),
		sha256: Object.fromEntries(beside.map(({ file, bytes }) => [file, sha256(bytes)]))
	});
	const json = Buffer.from(`${JSON.stringify(whole, null, '\t')}\n`);
	await writeFolder(target, [...beside, { file: 'run.json', bytes: json }], 'run');
	return whole;
}

/** A typed array's own bytes; every machine onnxruntime runs on is little-endian. */
function bytesOf(values: Float64Array): Uint8Array {
	return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
