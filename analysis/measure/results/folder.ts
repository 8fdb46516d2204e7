import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { readRecordFile } from '../../edge/json.ts';
import { parseOrNull, parseUntrusted } from '../../edge/parse.ts';
import { checkSeal, sealed } from '../../edge/seal.ts';
import { InputError, messageOf } from '../../errors.ts';
import { Shelf } from '../../workspace/shelf.ts';
import { writeFolder, type FolderFile } from '../../workspace/wholeFolder.ts';
import { newRunId, workspaceAt } from '../../workspace/workspace.ts';
import { VERSION } from '../../version.ts';
import { resultKindOf } from '../lookup.ts';
import { fromFigures } from './fromFigures.ts';
import { figuresOf, planOf, resultOf } from './result.ts';
import { resultSchema } from './schema.ts';
import { summaryOf } from './summary.ts';
import type { ResultSummary, StoredResult } from './types.ts';

/** The version of result.json this program reads and writes. */
const RESULT_VERSION = 1;
const FILE = 'result.json';
/** Said of a result that cannot be told from a changed one. */
const NO_CHECKSUM =
	'no checksum: an earlier version stored this result, and a change of it would not be noticed';

/** Fields of a stored result that its maker gives; `writeResult` adds the others. */
export type ResultParts = Omit<
	StoredResult,
	'format' | 'version' | 'id' | 'createdAt' | 'spanwise' | 'checksum'
>;

/** A folder of the workspace: a result in short, or why it is none. */
export type ListedResult =
	| { id: string; summary: ResultSummary; problem: null }
	| { id: string; summary: null; problem: string };

/** Returns the shelf of a workspace's results. */
export function resultShelf(home: string): Shelf {
	return new Shelf(workspaceAt(home).results, 'result');
}

/**
 * Stores a measurement, with the files that its plans name beside it, whole or not at all. Throws InputError where
 * the id is taken, the disk is full or the workspace cannot be written.
 */
export async function writeResult(
	home: string,
	parts: ResultParts,
	files: readonly FolderFile[] = [],
	{ id = newRunId(parts.model.name, new Date()), createdAt = new Date() } = {}
): Promise<StoredResult> {
	const stored: StoredResult = sealed({
		format: 'spanwise/result',
		version: RESULT_VERSION,
		id,
		createdAt: createdAt.toISOString(),
		spanwise: VERSION,
		...parts
	});
	const bytes = Buffer.from(`${JSON.stringify(stored)}\n`);
	await writeFolder(resultShelf(home).folder(id), [...files, { file: FILE, bytes }], 'result');
	return stored;
}

/** A stored result; it is called by its folder's name. Throws InputError where there is none that can be read, or it was changed after it was stored. */
export async function readResult(home: string, id: string): Promise<StoredResult> {
	const where = join(resultShelf(home).folder(id), FILE);
	const there = await stat(where).catch(() => null);
	if (there === null) throw new InputError(`${where}: missing; expected a stored result`);
	const json = await readRecordFile(where);
	const version = parseOrNull(v.object({ format: v.string(), version: v.number() }), json);
	if (version === null || version.format !== 'spanwise/result')
		throw new InputError(`${where}: not a result; expected format "spanwise/result"`);
	if (version.version > RESULT_VERSION)
		throw new InputError(
			`${where}: result version ${version.version}; this is Spanwise ${VERSION}, which reads version ${RESULT_VERSION}: update Spanwise`
		);
	const stored = { ...parseUntrusted(resultSchema, json, where), id };
	return checkSeal(json, where) ? stored : noted(stored);
}

/** A result of an earlier version, which has no checksum, with a note that says so. */
function noted(stored: StoredResult): StoredResult {
	const { result } = stored;
	const figures: { notes?: string[] } = figuresOf(result);
	const notes = [...(figures.notes ?? []), NO_CHECKSUM];
	return { ...stored, result: resultOf(result.kind, { ...figures, notes }, planOf(result)) };
}

/**
 * The results of a workspace in short, newest first, then folders that hold none with the reason. A workspace that
 * does not exist has none.
 */
export async function listResults(home: string): Promise<ListedResult[]> {
	const listed: ListedResult[] = [];
	// One after another, so that a server answers others between two.
	for (const id of await resultShelf(home).ids()) {
		try {
			const stored = await readResult(home, id);
			listed.push({ id, summary: fromFigures(id, () => summaryOf(stored)), problem: null });
		} catch (error) {
			listed.push({ id, summary: null, problem: messageOf(error) });
		}
	}
	const time = ({ summary }: ListedResult) => (summary ? Date.parse(summary.createdAt) : -Infinity);
	return listed.sort((a, b) => time(b) - time(a) || a.id.localeCompare(b.id));
}

/** Names of the files that lie beside a result: refitted weights that its plans name, and no others. */
export function filesOf({ result }: StoredResult): string[] {
	return resultKindOf(result.kind).filesOf?.(figuresOf(result)) ?? [];
}
