import { createHash } from 'node:crypto';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import {
	MAX_LARGE_JSON_BYTES,
	MAX_RECORD_BYTES,
	parseJson,
	readRecordFile,
	readTextFile
} from '../../edge/json.ts';
import { parseOrNull, parseUntrusted } from '../../edge/parse.ts';
import { checkSeal, sha256 } from '../../edge/seal.ts';
import { InputError } from '../../errors.ts';
import { checkNumbers } from '../../similarity/sums.ts';
import type { View, ViewSums } from '../../similarity/types.ts';
import { VERSION } from '../../version.ts';
import { runSchema, windowsSchema } from './schema.ts';
import { elementsOf, partFile, partShape, PARTS, WINDOWS_FILE, type Part } from './sumsFiles.ts';
import type { RunRecord, RunWindows } from './types.ts';

/** Said of a run whose files cannot be told from changed ones. */
const NO_CHECKSUMS =
	'no checksums: an earlier version wrote this run, and a change of its files would not be noticed';

/** The version of run.json this program reads and writes. */
const RUN_VERSION = 1;
/** Most bytes asked of one read call, which takes less than 2 GiB. */
const CHUNK_BYTES = 64 * 1024 * 1024;

/**
 * run.json of a run's folder, checked, with every file it names in place and of the right length; their contents are
 * checked where they are read. Throws InputError where it is no run, is from a newer version, was changed after it was
 * written, or a file is missing or short.
 */
export async function readRun(folder: string): Promise<RunRecord> {
	const where = join(folder, 'run.json');
	const json = await readJson(where);
	const version = parseOrNull(v.object({ format: v.string(), version: v.number() }), json);
	if (version === null || version.format !== 'spanwise/run')
		throw new InputError(`${where}: not a run; expected format "spanwise/run"`);
	if (version.version > RUN_VERSION)
		throw new InputError(
			`${where}: run version ${version.version}; this is Spanwise ${VERSION}, which reads version ${RUN_VERSION}: update Spanwise`
		);
	const record = parseUntrusted(runSchema, json, where);
	for (const view of record.views)
		for (const part of PARTS)
			if (partFile(view, part) in record.files) await checkPart(folder, record, view, part);
	if (checkSeal(json, where)) return record;
	return { ...record, notes: [...record.notes, NO_CHECKSUMS] };
}

/**
 * The sums of one view of a run. Throws InputError where the run does not have the view, or a file is missing, of
 * another length than its shape asks, not what was written, or holds what is not finite.
 */
export async function readSums(folder: string, record: RunRecord, view: View): Promise<ViewSums> {
	if (!record.views.includes(view))
		throw new InputError(
			`view ${view}: not part of run ${record.id}; it has ${record.views.join(', ')}`
		);
	const sums: ViewSums = {
		view,
		...sizesOf(record),
		...(record.shards && { shards: record.shards }),
		gram: null,
		sqrt: null,
		null: null,
		windows: null,
		js: null
	};
	for (const part of PARTS)
		if (partFile(view, part) in record.files)
			sums[part] = await readPart(folder, record, view, part);
	return sums;
}

/**
 * The token ids and pieces of every window of a run. Throws InputError where windows.json is bad, missing, not what was
 * written, or of other windows than the record's.
 */
export async function readWindows(
	folder: string,
	{ windows: expected, sha256: sums, model }: Pick<RunRecord, 'windows' | 'sha256' | 'model'>
): Promise<RunWindows> {
	const where = join(folder, WINDOWS_FILE);
	const text = await readTextFile(where, MAX_LARGE_JSON_BYTES);
	checkHash(sha256(text), sums?.[WINDOWS_FILE], where);
	const found = parseUntrusted(windowsSchema, parseJson(text, where), where);
	const fits =
		found.windows.length === expected.length &&
		found.windows.every(
			({ ids, pieces }, at) =>
				ids.length === expected[at].tokens &&
				pieces.length === ids.length &&
				ids.every((id) => id < model.vocab)
		);
	if (fits) return found;
	throw new InputError(`${where}: not the windows of run.json; analyze the model again`);
}

/** Throws InputError where a file is not what was written; undefined: an earlier version wrote no checksums. */
function checkHash(found: string, written: string | undefined, where: string): void {
	if (written === undefined || written === found) return;
	throw new InputError(
		`${where}: its contents do not match its checksum in run.json: it was changed or damaged after it was written; restore it, or analyze the model again`
	);
}

/**
 * Hashes a run's folder, to tell it from any other that stands, or stood, in its place: run.json, and the size, inode
 * and times of every file. Changes where a file is written over, whatever its time is then set to.
 */
export async function runState(folder: string): Promise<string> {
	const files = await readdir(folder, { recursive: true, withFileTypes: true });
	const states = files
		.filter((entry) => entry.isFile())
		.map(async ({ parentPath, name }) => {
			const path = join(parentPath, name);
			const { ino, size, mtimeMs, ctimeMs } = await stat(path);
			return [path, ino, size, mtimeMs, ctimeMs].join(' ');
		});
	const json = await readTextFile(join(folder, 'run.json'), MAX_RECORD_BYTES);
	return sha256([...(await Promise.all(states)).sort(), json].join('\n'));
}

function sizesOf(record: RunRecord): { layers: number; heads: number; windowCount: number } {
	return {
		layers: record.model.layers,
		heads: record.model.heads,
		windowCount: record.windows.length
	};
}

/** Returns the bytes a part has, which are those its shape asks for. */
async function checkPart(
	folder: string,
	record: RunRecord,
	view: View,
	part: Part
): Promise<number> {
	const name = partFile(view, part);
	const path = join(folder, name);
	const shape = partShape(part, sizesOf(record));
	const named = record.files[name].shape;
	if (named.join() !== shape.join())
		throw new InputError(
			`${join(folder, 'run.json')}: ${name} is [${named.join(', ')}]; expected [${shape.join(', ')}]`
		);
	const expected = elementsOf(shape) * Float64Array.BYTES_PER_ELEMENT;
	const found = await stat(path).catch(() => null);
	if (found === null) throw new InputError(`${path}: missing; run.json names it`);
	if (found.size !== expected)
		throw new InputError(`${path}: ${found.size} bytes; expected ${expected}`);
	return expected;
}

async function readPart(
	folder: string,
	record: RunRecord,
	view: View,
	part: Part
): Promise<Float64Array> {
	const bytes = new Uint8Array(await checkPart(folder, record, view, part));
	const path = join(folder, partFile(view, part));
	const file = await open(path, 'r');
	const hash = createHash('sha256');
	try {
		for (let start = 0; start < bytes.byteLength;) {
			const length = Math.min(CHUNK_BYTES, bytes.byteLength - start);
			const { bytesRead } = await file.read(bytes, start, length, start);
			if (bytesRead === 0)
				throw new InputError(`${path}: ${start} bytes; expected ${bytes.byteLength}`);
			hash.update(bytes.subarray(start, start + bytesRead));
			start += bytesRead;
		}
	} finally {
		await file.close();
	}
	checkHash(hash.digest('hex'), record.sha256?.[partFile(view, part)], path);
	const values = new Float64Array(bytes.buffer);
	checkNumbers(values, path);
	return values;
}

async function readJson(path: string): Promise<unknown> {
	const found = await stat(path).catch(() => null);
	if (found === null) throw new InputError(`${path}: missing; expected a run's folder`);
	return readRecordFile(path);
}
