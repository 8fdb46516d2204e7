import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { messageOf } from '$analysis/errors.ts';
import type { Document } from '$analysis/tokens/types.ts';
import { jobsFileSchema, type JobRecord } from './record.ts';

/**
 * The jobs on disk: `<home>/jobs.json` and, so that a queued job survives a restart, the texts of each in
 * `<home>/jobs/<id>/`. Writes are synchronous: the file is small, and its order of writes is its meaning.
 */
export class JobStore {
	readonly #file: string;
	readonly #textsFolder: string;

	constructor(home: string) {
		this.#file = join(home, 'jobs.json');
		this.#textsFolder = join(home, 'jobs');
	}

	/** The jobs of the last server. A file that cannot be understood is set aside, not lost. */
	load(): JobRecord[] {
		if (!existsSync(this.#file)) return [];
		try {
			return v.parse(jobsFileSchema, JSON.parse(readFileSync(this.#file, 'utf8'))).jobs;
		} catch (error) {
			const aside = `${this.#file}.unreadable`;
			renameSync(this.#file, aside);
			console.error(`the list of jobs could not be read and is now ${aside}: ${messageOf(error)}`);
			return [];
		}
	}

	save(records: readonly JobRecord[]): void {
		const jobs = records.map((record) => ({ ...record, job: { ...record.job, progress: null } }));
		mkdirSync(this.#textsFolder, { recursive: true });
		const unfinished = `${this.#file}.partial`;
		const file = { format: 'spanwise/jobs', version: 1, jobs };
		writeFileSync(unfinished, JSON.stringify(file, null, '\t'));
		renameSync(unfinished, this.#file);
	}

	/** Keeps the texts of a job, in order. */
	writeTexts(id: string, documents: readonly Document[]): void {
		const folder = join(this.#textsFolder, id);
		try {
			mkdirSync(folder, { recursive: true });
			documents.forEach(({ text }, index) => {
				writeFileSync(join(folder, `${index}.txt`), text);
			});
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
				text: await readFile(join(folder, `${index}.txt`), 'utf8')
			}))
		);
	}

	removeTexts(id: string): void {
		rmSync(join(this.#textsFolder, id), { recursive: true, force: true });
	}

	/** Removes texts that no job of the list has. */
	async removeOrphans(records: readonly JobRecord[]): Promise<void> {
		if (!existsSync(this.#textsFolder)) return;
		const kept = new Set(records.map(({ job }) => job.id));
		for (const id of await readdir(this.#textsFolder)) if (!kept.has(id)) this.removeTexts(id);
	}
}
