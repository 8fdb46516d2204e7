import { lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256 } from '../../edge/seal.ts';
import { InputError, isInputError } from '../../errors.ts';
import { listResults, readResult, resultShelf } from '../../measure/results/folder.ts';
import { makePrivateFolder } from '../../privateFolder.ts';
import { clearAbandoned, partialName } from '../../process/partial.ts';
import { readLabel } from '../../workspace/labels/files.ts';
import { runShelf } from '../../workspace/run/list.ts';
import { readRun, readSums, readWindows } from '../../workspace/run/read.ts';
import { writeFolder, type FolderFile } from '../../workspace/wholeFolder.ts';
import { workspaceAt } from '../../workspace/workspace.ts';
import { memberOf, type BundleManifest } from './format.ts';
import type { ReadBundle } from './read.ts';

/** Outcome of importing a bundle. */
export interface Imported {
	/** Id of the run. */
	run: string;
	model: string;
	/** `run`: true if the run was new here; `results`: number of measurements that were. */
	added: { run: boolean; results: number };
	/** Measurements in the bundle. */
	results: number;
	/** True if the model lies where it lay when the run was made. */
	modelIsHere: boolean;
	/** Refitted weights that the bundle does not hold. */
	leftOut: string[];
}

/** A folder of a bundle. */
interface Part {
	of: 'runs' | 'results';
	id: string;
	files: FolderFile[];
}

/**
 * Puts what a bundle holds into a workspace: all of it or nothing. It is unpacked beside, read and checked as any run and
 * result is, and then moved into place. What is there already, byte for byte, stays. Throws InputError where a run or a
 * result of the same id is another, something in it cannot be read, or the workspace cannot be written.
 */
export async function importBundle(
	home: string,
	{ manifest, files }: ReadBundle,
	where: string
): Promise<Imported> {
	const parts = partsOf(files);
	const runs = parts.filter(({ of }) => of === 'runs');
	if (runs.length !== 1 || runs[0].id !== manifest.run)
		throw new InputError(`${where}: found ${runs.length} runs; expected one, ${manifest.run}`);
	const added: Part[] = [];
	for (const part of parts) if (!(await isHere(home, part, where))) added.push(part);
	makePrivateFolder(home);
	await clearAbandoned(home);
	const staged = join(home, partialName('bundle'));
	try {
		for (const { of, id, files: content } of parts)
			await writeFolder(join(staged, of, id), content, of === 'runs' ? 'run' : 'result');
		const record = await check(staged, parts, manifest, where);
		await move(staged, home, added);
		await putLabels(home, parts, files);
		const folder = await lstat(record.model.folder).catch(() => null);
		return {
			run: manifest.run,
			model: record.model.name,
			added: {
				run: added.includes(runs[0]),
				results: added.filter(({ of }) => of === 'results').length
			},
			results: parts.length - 1,
			modelIsHere: folder !== null,
			leftOut: manifest.leftOut
		};
	} catch (error) {
		if (!isInputError(error)) throw error;
		// Where it was unpacked is nobody's concern.
		const message = error.message.replaceAll(`${staged}/`, `${home}/`);
		throw new InputError(message, { cause: error });
	} finally {
		await rm(staged, { recursive: true, force: true });
	}
}

/** Describes the outcome of an import in a sentence or two. */
export function importedWords({
	run,
	model,
	added,
	results,
	modelIsHere,
	leftOut
}: Imported): string {
	const measurements = (count: number) =>
		`${count} ${count === 1 ? 'measurement' : 'measurements'}`;
	const what = added.run
		? `run ${run} with ${measurements(added.results)} was added`
		: added.results > 0
			? `run ${run} is here already; ${measurements(added.results)} of ${results} were added`
			: `run ${run} is here already with all of its ${measurements(results)}; nothing was written`;
	const missing = modelIsHere
		? ''
		: `; ${model} is not on this machine: everything measured can be looked at, and measuring more needs the model`;
	const weights =
		leftOut.length === 0
			? ''
			: `; refitted weights are not in a bundle: the search's command makes them again`;
	return `${what}${missing}${weights}`;
}

function partsOf(files: ReadonlyMap<string, Uint8Array>): Part[] {
	const parts = new Map<string, Part>();
	for (const [path, bytes] of files) {
		const member = memberOf(path);
		if (member === null || member.of === 'labels') continue;
		const { of, id, file } = member;
		const part = parts.get(`${of}/${id}`) ?? { of, id, files: [] };
		part.files.push({ file, bytes });
		parts.set(`${of}/${id}`, part);
	}
	// Measurements first: a run that is seen has all of its own.
	return [...parts.values()].sort((a, b) => Number(a.of === 'runs') - Number(b.of === 'runs'));
}

/** Returns true if the workspace holds the same thing already. Throws InputError where it holds another of that id. */
async function isHere(home: string, { of, id, files }: Part, where: string): Promise<boolean> {
	const shelf = of === 'runs' ? runShelf(home) : resultShelf(home);
	const folder = shelf.folder(id);
	if ((await lstat(folder).catch(() => null)) === null) return false;
	const name = of === 'runs' ? 'run.json' : 'result.json';
	const own = files.find(({ file }) => file === name);
	const there = await readFile(join(folder, name)).catch(() => null);
	if (own !== undefined && there !== null && sha256(there) === sha256(own.bytes)) return true;
	throw new InputError(
		`${where}: a ${of === 'runs' ? 'run' : 'result'} ${id} is here that is another; delete or rename the folder ${folder}, and import again`
	);
}

/** Reads everything as a workspace is read; the run's record. */
async function check(
	staged: string,
	parts: readonly Part[],
	manifest: BundleManifest,
	where: string
) {
	const folder = runShelf(staged).folder(manifest.run);
	try {
		const record = await readRun(folder);
		for (const view of record.views) await readSums(folder, record, view);
		await readWindows(folder, record);
		for (const { of, id } of parts) {
			if (of !== 'results') continue;
			const { model } = await readResult(staged, id);
			if (model.hash !== record.model.hash)
				throw new InputError(`result ${id} is of another model than the run`);
		}
		for (const { problem } of await listResults(staged))
			if (problem !== null) throw new InputError(problem);
		return record;
	} catch (error) {
		if (!(error instanceof InputError)) throw error;
		// Where it was unpacked is nobody's concern.
		throw new InputError(`${where}: ${error.message.replaceAll(`${staged}/`, '')}`, {
			cause: error
		});
	}
}

/** Moves folders into place; where one cannot be, those before it are taken back. */
async function move(staged: string, home: string, parts: readonly Part[]): Promise<void> {
	const moved: string[] = [];
	try {
		for (const { of, id } of parts) {
			const target = join(workspaceAt(home)[of], id);
			makePrivateFolder(dirname(target));
			await rename(join(staged, of, id), target);
			moved.push(target);
		}
	} catch (error) {
		for (const target of moved) await rm(target, { recursive: true, force: true });
		throw error;
	}
}

/** Labels of what the bundle holds and has none here; one that is no label is left out. */
async function putLabels(
	home: string,
	parts: readonly Part[],
	files: ReadonlyMap<string, Uint8Array>
): Promise<void> {
	for (const [path, bytes] of files) {
		const member = memberOf(path);
		if (member?.of !== 'labels') continue;
		if (!parts.some(({ of, id }) => of === member.file && id === member.id)) continue;
		const target = join(workspaceAt(home).labels, member.file, `${member.id}.json`);
		if ((await lstat(target).catch(() => null)) !== null) continue;
		await mkdir(dirname(target), { recursive: true, mode: 0o700 });
		await writeFile(target, bytes, { flag: 'wx' });
		await readLabel(home, member.file === 'runs' ? 'runs' : 'results', member.id).catch(() =>
			rm(target, { force: true })
		);
	}
}
