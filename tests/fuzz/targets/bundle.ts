import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import { sealed, sha256 } from '../../../analysis/edge/seal.ts';
import { workspaceRows } from '../../../analysis/measure/overview/rows.ts';
import { listResults, writeResult } from '../../../analysis/measure/results/folder.ts';
import { importBundleFile } from '../../../analysis/publish/bundle/file.ts';
import { bundleOf } from '../../../analysis/publish/bundle/write.ts';
import { reportOf } from '../../../analysis/publish/report/reportOf.ts';
import { similarityOf } from '../../../analysis/similarity/similarity.ts';
import { changeLabel, readLabels } from '../../../analysis/workspace/labels/files.ts';
import { NO_LABEL } from '../../../analysis/workspace/labels/label.ts';
import { listRuns, runFolder } from '../../../analysis/workspace/run/list.ts';
import { readRun, readSums, readWindows } from '../../../analysis/workspace/run/read.ts';
import { writeRun } from '../../../analysis/workspace/run/write.ts';
import {
	madeUpBenchResult,
	madeUpDamage,
	madeUpEvaluation,
	madeUpSearch
} from '../../builders/results.ts';
import { madeUpRun } from '../../builders/run.ts';
import { mutateBytes } from '../mutateBytes.ts';
import { mutateJson } from '../mutateJson.ts';
import type { Random } from '../random.ts';
import { Finding, refusedOr, type Outcome, type Target } from '../target.ts';

const RUN = 'run';
const MANIFEST = 'bundle.json';
const RUN_JSON = `runs/${RUN}/run.json`;
const WINDOWS = `runs/${RUN}/windows.json`;

type Members = Record<string, Uint8Array>;
interface Mutant {
	bytes: Uint8Array;
	change: string;
	wellFormed: boolean;
	/** True if its lists of sizes and hashes fit, so that only meanings can be wrong. */
	sealed: boolean;
}

/**
 * Run bundles. A mutant is refused and leaves nothing, or all of it is there: what was not sealed anew byte for byte as it
 * was written, similarities those of the original, and everything that lists, reports and writes it works or refuses.
 */
export class BundleTarget implements Target {
	readonly name = 'bundle';
	#bundle: Uint8Array = new Uint8Array();
	#members: Members = {};
	#similarity = '';

	async prepare(folder: string): Promise<void> {
		const home = join(folder, 'home');
		const place = runFolder(home, RUN);
		const { record, sums, windows } = madeUpRun(RUN);
		await writeRun(place, record, sums, windows);
		const results = {
			damage: madeUpDamage(),
			evaluate: madeUpEvaluation(),
			bench: madeUpBenchResult()
		};
		for (const [id, result] of Object.entries({ ...results, search: madeUpSearch() }))
			await writeResult(home, result, [], { id });
		const next = { name: 'a run', note: 'of two windows', tags: ['paper'], pinned: true };
		await changeLabel(home, 'runs', RUN, { was: NO_LABEL, next });
		this.#bundle = (await bundleOf({ folder: place, record: await readRun(place), home })).bytes;
		this.#members = unzipSync(this.#bundle);
		this.#similarity = await similarityIn(place);
	}

	async try(random: Random, folder: string): Promise<Outcome> {
		const mutant = this.#mutant(random);
		const { bytes, change, wellFormed } = mutant;
		const home = join(folder, 'home');
		await mkdir(home);
		const file = join(folder, 'run.zip');
		await writeFile(file, bytes);
		const imported = await refusedOr(change, () => importBundleFile(home, file, 'run.zip'));
		const files = await filesIn(home);
		if (imported === null) {
			if (files.length > 0) throw new Finding(`${change}: refused, but left ${files.join(', ')}`);
			return { change, wellFormed, verdict: 'refused' };
		}
		await this.#mustBeWhole(home, files, mutant, imported.run);
		return { change, wellFormed, verdict: 'right' };
	}

	async #mustBeWhole(home: string, files: string[], mutant: Mutant, run: string) {
		const { change } = mutant;
		if (files.some((path) => path.includes('.partial-')))
			throw new Finding(`${change}: left ${files.join(', ')}`);
		if (!mutant.sealed) {
			for (const path of files) {
				const found = await readFile(join(home, path));
				if (!found.equals(this.#members[path])) throw new Finding(`${change}: another ${path}`);
			}
		}
		const listed = [...(await listRuns(home)), ...(await listResults(home))];
		const problem = listed.find((each) => each.problem !== null)?.problem;
		if (problem !== undefined) throw new Finding(`${change}: imported, but ${problem}`);
		const { problems } = await readLabels(home);
		if (problems.length > 0) throw new Finding(`${change}: imported, but ${problems.join()}`);
		const place = runFolder(home, run);
		const similarity = await refusedOr(change, () => similarityIn(place));
		if (![null, this.#similarity].includes(similarity))
			throw new Finding(`${change}: another similarity`);
		const source = { folder: place, record: await readRun(place), home };
		await refusedOr(change, () => workspaceRows(home));
		await refusedOr(change, () => reportOf(source, null));
		await refusedOr(change, () => bundleOf(source));
	}

	#mutant(random: Random): Mutant {
		if (random.chance(0.2))
			return { ...mutateBytes(this.#bundle, random), wellFormed: false, sealed: false };
		const members = { ...this.#members };
		const names = Object.keys(members).filter((name) => name !== 'report.html');
		if (random.chance(0.15)) {
			const path = random.pick(names);
			const { bytes, change } = mutateBytes(members[path], random);
			members[path] = bytes;
			return {
				bytes: zipSync(members),
				change: `${path}: ${change}`,
				wellFormed: true,
				sealed: false
			};
		}
		const path = random.pick(names.filter((name) => name.endsWith('.json')));
		const { value, change } = mutateJson(jsonOf(members[path]), random);
		members[path] = bytesOf(path === MANIFEST ? value : resealed(value));
		if (path === WINDOWS) {
			const record = jsonOf(members[RUN_JSON]) as { sha256: Record<string, string> };
			const sums = { ...record.sha256, 'windows.json': sha256(members[path]) };
			members[RUN_JSON] = bytesOf(resealed({ ...record, sha256: sums }));
		}
		const manifest = jsonOf(members[MANIFEST]);
		members[MANIFEST] = bytesOf(
			resealed(path === MANIFEST ? manifest : { ...(manifest as object), files: listOf(members) })
		);
		return {
			bytes: zipSync(members),
			change: `${path}: ${change}`,
			wellFormed: true,
			sealed: true
		};
	}
}

const jsonOf = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());
const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

/** With the checksum of what it says now, as an honest writer of it would put it. */
function resealed(value: unknown): unknown {
	if (typeof value !== 'object' || value === null || !('checksum' in value)) return value;
	return sealed(Object.fromEntries(Object.entries(value).filter(([key]) => key !== 'checksum')));
}

function listOf(members: Members) {
	return Object.entries(members)
		.filter(([path]) => path !== MANIFEST)
		.map(([path, bytes]) => ({ path, bytes: bytes.byteLength, sha256: sha256(bytes) }));
}

async function similarityIn(place: string): Promise<string> {
	const record = await readRun(place);
	await readWindows(place, record);
	const documents = record.windows.map(() => 0);
	const { matrix } = similarityOf(await readSums(place, record, 'all'), 'cosine', documents);
	return [...matrix].join();
}

async function filesIn(root: string): Promise<string[]> {
	const entries = await readdir(root, { recursive: true, withFileTypes: true });
	return entries
		.filter((entry) => entry.isFile())
		.map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1));
}
