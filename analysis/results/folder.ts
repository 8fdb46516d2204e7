import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { InputError, messageOf } from '../errors.ts';
import { Shelf } from '../run/shelf.ts';
import { writeFolder, type FolderFile } from '../run/wholeFolder.ts';
import { newRunId, workspaceAt } from '../run/workspace.ts';
import { VERSION } from '../version.ts';
import { resultSchema } from './schema.ts';
import { summaryOf } from './summary.ts';
import type { ResultSummary, StoredResult } from './types.ts';

/** The version of result.json this program reads and writes. */
const RESULT_VERSION = 1;
const FILE = 'result.json';

/** What a result says of itself, less what every result of this version has. */
export type ResultParts = Omit<
	StoredResult,
	'format' | 'version' | 'id' | 'createdAt' | 'spanwise'
>;

/** A folder of the workspace: a result in short, or why it is none. */
export type ListedResult =
	| { id: string; summary: ResultSummary; problem: null }
	| { id: string; summary: null; problem: string };

/** Where a workspace keeps its results. */
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
	const stored: StoredResult = {
		format: 'spanwise/result',
		version: RESULT_VERSION,
		id,
		createdAt: createdAt.toISOString(),
		spanwise: VERSION,
		...parts
	};
	const bytes = Buffer.from(`${JSON.stringify(stored)}\n`);
	await writeFolder(resultShelf(home).folder(id), [...files, { file: FILE, bytes }], 'result');
	return stored;
}

/** A stored result; it is called by its folder's name. Throws InputError where there is none that can be read. */
export async function readResult(home: string, id: string): Promise<StoredResult> {
	const where = join(resultShelf(home).folder(id), FILE);
	const text = await readFile(where, 'utf8').catch(() => null);
	if (text === null) throw new InputError(`${where}: missing; expected a stored result`);
	let json: unknown;
	try {
		json = JSON.parse(text);
	} catch (cause) {
		throw new InputError(`${where}: not JSON`, { cause });
	}
	const version = v.safeParse(v.object({ format: v.string(), version: v.number() }), json);
	if (!version.success || version.output.format !== 'spanwise/result')
		throw new InputError(`${where}: not a result; expected format "spanwise/result"`);
	if (version.output.version > RESULT_VERSION)
		throw new InputError(
			`${where}: result version ${version.output.version}; this is Spanwise ${VERSION}, which reads version ${RESULT_VERSION}: update Spanwise`
		);
	const parsed = v.safeParse(resultSchema, json);
	if (parsed.success) return { ...parsed.output, id };
	const [issue] = parsed.issues;
	const expected = issue.type === 'custom' ? issue.message : (issue.expected ?? issue.message);
	throw new InputError(
		`${where}: ${v.getDotPath(issue) ?? 'the file'}: found ${issue.received}; expected ${expected}`
	);
}

/**
 * The results of a workspace in short, newest first, then folders that hold none with the reason. A workspace that
 * does not exist has none.
 */
export async function listResults(home: string): Promise<ListedResult[]> {
	const listed = await Promise.all(
		(await resultShelf(home).ids()).map(async (id): Promise<ListedResult> => {
			try {
				return { id, summary: summaryOf(await readResult(home, id)), problem: null };
			} catch (error) {
				return { id, summary: null, problem: messageOf(error) };
			}
		})
	);
	const time = ({ summary }: ListedResult) => (summary ? Date.parse(summary.createdAt) : -Infinity);
	return listed.sort((a, b) => time(b) - time(a) || a.id.localeCompare(b.id));
}

/** Deletes a result by id, never by path. Throws InputError where there is none. */
export async function deleteResult(home: string, id: string): Promise<void> {
	await resultShelf(home).delete(id);
}

/** Names of the refitted weights that lie beside a result: those that its plans give, and no others. */
export function filesOf({ result }: StoredResult): string[] {
	if (result.kind !== 'search') return [];
	return result.search.report.plans.flatMap(({ plan }) =>
		plan.repair === null ? [] : [plan.repair.file]
	);
}
