import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import * as v from 'valibot';
import { readJsonFile } from '$analysis/edge/json.ts';
import { boundedArray, parseUntrusted } from '$analysis/edge/parse.ts';
import { InputError, messageOf } from '$analysis/errors.ts';

/** Folders that the page may add; each is looked into whenever models are listed. */
const MAX_FOLDERS = 100;
/** The longest path that systems allow. */
const MAX_PATH = 4096;

const fileSchema = v.object({
	format: v.literal('spanwise/model-folders'),
	version: v.literal(1),
	folders: boundedArray(v.pipe(v.string(), v.maxLength(MAX_PATH)), MAX_FOLDERS)
});

/** The folders that models are looked for in: those of --models, and those that a page added, kept in the workspace. */
export class ModelFolders {
	readonly started: readonly string[];
	readonly #file: string;
	#added: readonly string[] = [];

	constructor(home: string, started: readonly string[]) {
		this.started = started;
		this.#file = join(home, 'model-folders.json');
	}

	get added(): readonly string[] {
		return this.#added;
	}

	get all(): string[] {
		return [...this.started, ...this.#added];
	}

	/** Reads what was kept. A file that cannot be understood is left alone and said on stderr. */
	async load(): Promise<void> {
		if (!existsSync(this.#file)) return;
		try {
			const kept = parseUntrusted(fileSchema, await readJsonFile(this.#file), this.#file);
			this.#added = kept.folders;
		} catch (error) {
			console.error(`folders of models that were added are not known: ${messageOf(error)}`);
		}
	}

	/** Keeps a folder. Errors: InputError where there are too many; one that is there already is kept once. */
	add(folder: string): void {
		if (this.all.includes(folder)) return;
		if (this.#added.length >= MAX_FOLDERS)
			throw new InputError(
				`folders of models: ${MAX_FOLDERS} were added; remove one, or add the folder that holds several`
			);
		this.#save([...this.#added, folder]);
	}

	/** Forgets a folder that a page added; nothing in it is touched. */
	remove(folder: string): void {
		this.#save(this.#added.filter((other) => other !== folder));
	}

	#save(folders: readonly string[]): void {
		const unfinished = `${this.#file}.partial`;
		const file = { format: 'spanwise/model-folders', version: 1, folders };
		writeFileSync(unfinished, JSON.stringify(file, null, '\t'), { flush: true });
		renameSync(unfinished, this.#file);
		this.#added = folders;
	}
}

/** Files that lie in a model's folder: who pastes the path of one means the folder. */
const MODEL_FILE = /\.(?:json|safetensors|onnx|gguf|bin|model)$/i;

/**
 * The folder that a person typed or pasted: quotes, `file://` and `~` are understood, and the path of a file in a model
 * stands for its folder. Errors: InputError where it is empty or too long.
 */
export function typedFolder(text: string): string {
	const bare = text.trim().replace(/^(["'])(.*)\1$/, '$2');
	const path = bare.startsWith('file://') ? decoded(bare.slice('file://'.length)) : bare;
	if (path === '')
		throw new InputError('folder: empty; expected the path of a model or of a folder of models');
	if (path.length > MAX_PATH)
		throw new InputError(`folder: ${path.length} characters; at most ${MAX_PATH} are allowed`);
	const whole = resolve(/^~(?=$|[/\\])/.test(path) ? join(homedir(), path.slice(1)) : path);
	return MODEL_FILE.test(whole) ? dirname(whole) : whole;
}

function decoded(path: string): string {
	try {
		return decodeURIComponent(path);
	} catch {
		return path;
	}
}
