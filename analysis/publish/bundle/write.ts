import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { quoted } from '../../edge/quote.ts';
import { sealed, sha256 } from '../../edge/seal.ts';
import { InputError } from '../../errors.ts';
import { filesOf, listResults, readResult, resultShelf } from '../../measure/results/folder.ts';
import { formatBytes } from '../../text/number.ts';
import { VERSION } from '../../version.ts';
import { isEmptyLabel, NO_LABEL, type Labelled } from '../../workspace/labels/label.ts';
import { readLabel } from '../../workspace/labels/files.ts';
import { readSums, readWindows } from '../../workspace/run/read.ts';
import { WINDOWS_FILE } from '../../workspace/run/sumsFiles.ts';
import { reportOf } from '../report/reportOf.ts';
import type { RunSource } from '../source.ts';
import { MANIFEST, memberOf, MOST_BUNDLE_BYTES, REPORT, type BundleManifest } from './format.ts';

/** Sums hardly shrink by more, and take three times as long. */
const LEVEL = 3;

/** A run with its measurements as one file. */
export interface Bundle {
	/** A ZIP archive. */
	bytes: Uint8Array;
	/** Measurements in it. */
	results: number;
	/** Refitted weights that were left out: "<result>/<file>". */
	leftOut: string[];
}

/**
 * A run, the measurements of the same weights that the workspace holds, their labels, and a report to read, as one ZIP
 * archive. The model and refitted weights are not in it. Everything is checked as it is read. Throws InputError where a
 * file is not what was written, or all together are more than a bundle may hold.
 */
export async function bundleOf(source: RunSource, now = new Date()): Promise<Bundle> {
	const { folder, record, home } = source;
	const files = new Map<string, Uint8Array>();
	let bytes = 0;
	const add = async (path: string, from: string) => {
		bytes += (await stat(from)).size;
		if (bytes > MOST_BUNDLE_BYTES)
			throw new InputError(
				`run ${record.id}: more than ${formatBytes(MOST_BUNDLE_BYTES)}, the most that a bundle holds; copy its folder ${quoted(folder)} instead`
			);
		files.set(path, await readFile(from));
	};
	await readWindows(folder, record);
	for (const view of record.views) await readSums(folder, record, view);
	// Names of sums come from run.json: only those that a run has.
	const sums = Object.keys(record.files).filter((file) => memberOf(`runs/${record.id}/${file}`));
	for (const file of ['run.json', WINDOWS_FILE, ...sums])
		await add(`runs/${record.id}/${file}`, join(folder, file));
	const listed = await listResults(home);
	const ids = listed.flatMap(({ summary }) =>
		summary?.model.hash === record.model.hash ? [summary.id] : []
	);
	const leftOut: string[] = [];
	for (const id of ids) {
		leftOut.push(...filesOf(await readResult(home, id)).map((file) => `${id}/${file}`));
		await add(`results/${id}/result.json`, join(resultShelf(home).folder(id), 'result.json'));
	}
	const labelled: [Labelled, string][] = [
		['runs', record.id],
		...ids.map((id): [Labelled, string] => ['results', id])
	];
	for (const [of, id] of labelled) {
		const label = await readLabel(home, of, id).catch(() => NO_LABEL);
		if (isEmptyLabel(label)) continue;
		const stored = { format: 'spanwise/label', version: 1, ...label };
		files.set(`labels/${of}/${id}.json`, Buffer.from(`${JSON.stringify(stored, null, '\t')}\n`));
	}
	files.set(REPORT, Buffer.from(await reportOf(source, null)));
	const manifest: BundleManifest = sealed({
		...{ format: 'spanwise/bundle', version: 1, spanwise: VERSION },
		...{ createdAt: now.toISOString(), run: record.id, leftOut },
		files: [...files].map(([path, content]) => ({
			...{ path, bytes: content.byteLength, sha256: sha256(content) }
		}))
	} as const);
	files.set(MANIFEST, Buffer.from(`${JSON.stringify(manifest, null, '\t')}\n`));
	const zipped = zipSync(Object.fromEntries(files), { level: LEVEL, mtime: now });
	return { bytes: zipped, results: ids.length, leftOut };
}
