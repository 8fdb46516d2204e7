import {
	closeSync,
	copyFileSync,
	existsSync,
	fsyncSync,
	mkdirSync,
	openSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync
} from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MAX_LARGE_JSON_BYTES, readTextFile } from '$analysis/edge/json.ts';
import { parseJson } from '$analysis/edge/parseJson.ts';
import { parseUntrusted } from '$analysis/edge/parse.ts';
import { InputError, messageOf } from '$analysis/errors.ts';
import type { Document } from '$analysis/model/tokens/types.ts';
import { foreignJob, type ForeignJob } from './foreign.ts';
import { JOB_ID, jobsFileSchema, recordSchema, type JobRecord } from './record.ts';

/** Texts without a job stay for as long as someone may still look for them. */
const ORPHANS_STAY_MS = 7 * 24 * 60 * 60 * 1000; // 7 days

/** Content of jobs.json. */
export interface StoredJobs {
	records: JobRecord[];
	/** Jobs that this version does not understand. They stay in the file as they are. */
	foreign: ForeignJob[];
}

/**
 * The jobs on disk: `<home>/jobs.json` and, so that a queued job survives a restart, the texts of each in
 * `<home>/jobs/<id>/`. Writes are synchronous: the file is small, and its order of writes is its meaning.
 */
export class JobStore {
	readonly #file: string;
	readonly #textsFolder: string;
	readonly #readOnly: boolean;
	#known = false;

	/** A workspace that may only be read is left as it is, whatever the file holds. */
	constructor(home: string, readOnly = false) {
		this.#readOnly = readOnly;
		this.#file = join(home, 'jobs.json');
		this.#textsFolder = join(home, 'jobs');
	}

	/** True if the list was read. Only then is it known which texts belong to which job. */
	get known(): boolean {
		return this.#known;
	}

	/** The jobs of the last server. A file that cannot be read is copied, and no text is removed then. */
	load(): StoredJobs {
		if (!existsSync(this.#file)) return { records: [], foreign: [] };
		try {
			const jobs = this.#read();
			this.#known = true;
			return jobs;
		} catch (error) {
			if (this.#readOnly) throw error;
			const copy = `${this.#file}.unreadable-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
			copyFileSync(this.#file, copy);
			console.error(
				`the list of jobs could not be read; it is kept as ${copy}, and the texts of its jobs stay: ${messageOf(error)}`
			);
			return { records: [], foreign: [] };
		}
	}

	save({ records, foreign }: StoredJobs): void {
		const jobs = [
			...foreign.map(({ stored }) => stored),
			...records.map((record) => ({ ...record, job: { ...record.job, progress: null } }))
		];
		const unfinished = `${this.#file}.partial`;
		const file = { format: 'spanwise/jobs', version: 1, jobs };
		writeFlushed(unfinished, JSON.stringify(file, null, '\t'));
		renameSync(unfinished, this.#file);
		flushFolder(dirname(this.#file));
	}

	/** Keeps the texts of a job, in order. */
	writeTexts(id: string, documents: readonly Document[]): void {
		const folder = join(this.#textsFolder, id);
		try {
			if (!existsSync(this.#textsFolder)) mkdirSync(this.#textsFolder);
			mkdirSync(folder);
			documents.forEach(({ text }, index) => writeFlushed(join(folder, `${index}.txt`), text));
		} catch (error) {
			this.removeTexts(id);
			throw error;
		}
	}

	/** The texts of a job under the names the job lists. */
	async readTexts(id: string, names: readonly string[]): Promise<Document[]> {
		const folder = join(this.#textsFolder, id);
		return Promise.all(
			names.map(async (name, index) => ({
				name,
				text: await readTextFile(join(folder, `${index}.txt`), MAX_LARGE_JSON_BYTES)
			}))
		);
	}

	removeTexts(id: string): void {
		rmSync(join(this.#textsFolder, id), { recursive: true, force: true });
	}

	/** Removes texts that no job of the list has had for a week; none while any job's texts are not known. */
	async removeOrphans({ records, foreign }: StoredJobs): Promise<void> {
		if (!this.#known || !existsSync(this.#textsFolder)) return;
		if (foreign.some(({ textsId }) => textsId === null)) return;
		const kept = new Set([
			...records.map(({ job }) => job.id),
			...foreign.map(({ textsId }) => textsId)
		]);
		for (const id of await readdir(this.#textsFolder)) {
			if (!JOB_ID.test(id) || kept.has(id)) continue;
			const { mtimeMs } = statSync(join(this.#textsFolder, id));
			if (mtimeMs < Date.now() - ORPHANS_STAY_MS) this.removeTexts(id);
		}
	}

	#read(): StoredJobs {
		const { size } = statSync(this.#file);
		if (size > MAX_LARGE_JSON_BYTES) {
			throw new InputError(`${size} bytes; at most ${MAX_LARGE_JSON_BYTES} are allowed`);
		}
		const json = parseJson(readFileSync(this.#file, 'utf8'), this.#file);
		const { jobs } = parseUntrusted(jobsFileSchema, json, this.#file);
		const found: StoredJobs = { records: [], foreign: [] };
		const ids = new Set<string>();
		for (const stored of jobs) {
			try {
				const record = parseUntrusted(recordSchema, stored, 'jobs.json');
				if (ids.has(record.job.id)) throw new InputError('its id is that of another job');
				found.records.push(record);
				ids.add(record.job.id);
			} catch (error) {
				const foreign = foreignJob(stored, messageOf(error), ids);
				found.foreign.push(foreign);
				ids.add(foreign.job.id);
			}
		}
		return found;
	}
}

/** Written and on the disk: a rename may otherwise outlive what it renames when the power goes. */
function writeFlushed(path: string, text: string): void {
	writeFileSync(path, text, { flush: true });
}

/** Flushes the names in a folder. Windows cannot open folders; there the rename alone has to do. */
function flushFolder(path: string): void {
	if (process.platform === 'win32') return;
	const folder = openSync(path, 'r');
	try {
		fsyncSync(folder);
	} finally {
		closeSync(folder);
	}
}
