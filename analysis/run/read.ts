import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { InputError } from '../errors.ts';
import type { View, ViewSums } from '../similarity/types.ts';
import { VERSION } from '../version.ts';
import { runSchema, windowsSchema } from './schema.ts';
import { elementsOf, partFile, partShape, PARTS, type Part } from './sumsFiles.ts';
import type { RunRecord, RunWindows } from './types.ts';

/** The version of run.json this program reads and writes. */
const RUN_VERSION = 1;
/** Most bytes asked of one read call, which takes less than 2 GiB. */
const CHUNK_BYTES = 64 * 1024 * 1024;

/**
 * run.json of a run's folder, checked, with every file it names in place and of the right length. Throws
 * InputError where it is no run, is from a newer version, or a file is missing or short.
 */
export async function readRun(folder: string): Promise<RunRecord> {
	const where = join(folder, 'run.json');
	const json = await readJson(where);
	const version = v.safeParse(v.object({ format: v.string(), version: v.number() }), json);
	if (!version.success || version.output.format !== 'spanwise/run')
		throw new InputError(`${where}: not a run; expected format "spanwise/run"`);
	if (version.output.version > RUN_VERSION)
		throw new InputError(
			`${where}: run version ${version.output.version}; this is Spanwise ${VERSION}, which reads version ${RUN_VERSION}: update Spanwise`
		);
	const record = parsed(runSchema, json, where);
	for (const view of record.views)
		for (const part of PARTS)
			if (partFile(view, part) in record.files) await checkPart(folder, record, view, part);
	return record;
}

/**
 * The sums of one view of a run. Throws InputError where the run does not have the view, or a file is
 * missing or of another length than its shape asks.
 */
export async function readSums(folder: string, record: RunRecord, view: View): Promise<ViewSums> {
	if (!record.views.includes(view))
		throw new InputError(
			`view ${view}: not part of run ${record.id}; it has ${record.views.join(', ')}`
		);
	const sums: ViewSums = {
		view,
		...sizesOf(record),
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

/** The token ids and pieces of every window of a run. Throws InputError where windows.json is bad or missing. */
export async function readWindows(folder: string): Promise<RunWindows> {
	const where = join(folder, 'windows.json');
	return parsed(windowsSchema, await readJson(where), where);
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
	try {
		for (let start = 0; start < bytes.byteLength;) {
			const length = Math.min(CHUNK_BYTES, bytes.byteLength - start);
			const { bytesRead } = await file.read(bytes, start, length, start);
			if (bytesRead === 0)
				throw new InputError(`${path}: ${start} bytes; expected ${bytes.byteLength}`);
			start += bytesRead;
		}
	} finally {
		await file.close();
	}
	return new Float64Array(bytes.buffer);
}

async function readJson(path: string): Promise<unknown> {
	const text = await readFile(path, 'utf8').catch(() => null);
	if (text === null) throw new InputError(`${path}: missing; expected a run's folder`);
	try {
		return JSON.parse(text);
	} catch (cause) {
		throw new InputError(`${path}: not JSON`, { cause });
	}
}

function parsed<T>(schema: v.GenericSchema<unknown, T>, json: unknown, where: string): T {
	const result = v.safeParse(schema, json);
	if (result.success) return result.output;
	const [issue] = result.issues;
	throw new InputError(
		`${where}: ${v.getDotPath(issue) ?? 'the file'}: found ${issue.received}; expected ${issue.expected ?? issue.message}`
	);
}
