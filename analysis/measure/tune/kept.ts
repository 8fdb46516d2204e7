import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { MAX_LARGE_JSON_BYTES, readJsonFile } from '../../edge/json.ts';
import { parseUntrusted } from '../../edge/parse.ts';
import { sha256 } from '../../edge/seal.ts';
import { tunedFigures, type TunedFigures } from '../../engine/torchTune.ts';
import { exists } from '../../model/checkpoint/files.ts';
import { makePrivateFolder } from '../../privateFolder.ts';
import type { Sources } from '../../plan/types.ts';
import type { Arm } from './types.ts';

const KEY_LENGTH = 16;
const RIVAL = 'rival-plan.json';

const sourcesForm = v.array(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0))));

/** Files of a tuning, from which it resumes: checkpoints, models being tuned, figures of arms that are done. */
export class KeptTune {
	readonly folder: string;

	/** `about`: all that the figures depend on. */
	constructor(home: string, about: object) {
		const key = sha256(JSON.stringify(about));
		this.folder = join(home, 'tune', key.slice(0, KEY_LENGTH));
		makePrivateFolder(this.folder);
	}

	/** A folder or file of an arm: its model, its checkpoint, its tuned weights. */
	path(arm: Arm, what: 'model' | 'checkpoint.pt' | 'tuned.safetensors'): string {
		return join(this.folder, `${arm}-${what}`);
	}

	/** Figures of an arm that is done; null: it is not. Throws InputError where the file is damaged. */
	async figures(arm: Arm): Promise<TunedFigures | null> {
		return this.#read(`${arm}.json`, tunedFigures);
	}

	async keepFigures(arm: Arm, figures: TunedFigures): Promise<void> {
		await this.#write(`${arm}.json`, figures);
		await rm(this.path(arm, 'checkpoint.pt'), { force: true });
	}

	/** The rival's plan; null: it was not chosen yet. */
	async rival(): Promise<Sources | null> {
		return this.#read(RIVAL, sourcesForm);
	}

	async keepRival(sources: Sources): Promise<void> {
		await this.#write(RIVAL, sources);
	}

	/** Removes all of it. */
	async discard(): Promise<void> {
		await rm(this.folder, { recursive: true, force: true });
	}

	async #read<Schema extends v.GenericSchema>(
		name: string,
		schema: Schema
	): Promise<v.InferOutput<Schema> | null> {
		const file = join(this.folder, name);
		if (!(await exists(file))) return null;
		return parseUntrusted(schema, await readJsonFile(file, MAX_LARGE_JSON_BYTES), file);
	}

	/** Whole or not at all. */
	async #write(name: string, value: unknown): Promise<void> {
		const file = join(this.folder, name);
		await writeFile(`${file}.partial`, JSON.stringify(value));
		await rename(`${file}.partial`, file);
	}
}
