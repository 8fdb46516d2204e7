import { open, rm, stat, truncate, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { parseJson, readTextFile } from '../edge/json.ts';
import { parseUntrusted } from '../edge/parse.ts';
import { checkSeal, sealed, sha256 } from '../edge/seal.ts';
import { InputError } from '../errors.ts';
import { makePrivateFolder } from '../privateFolder.ts';
import { VERSION } from '../version.ts';

const headerSchema = v.object({
	format: v.literal('spanwise/damage'),
	version: v.string(),
	/** The model's hash. */
	model: v.string(),
	/** SHA-256 of tokenizer.json; a search has its windows' ids among its texts instead. */
	tokenizer: v.exactOptional(v.string()),
	/** SHA-256 of each text. */
	texts: v.array(v.string()),
	context: v.number(),
	windows: v.number(),
	maxSpan: v.number(),
	/** Engine and type of its numbers, where it is not the program's own. */
	engine: v.exactOptional(v.string())
});

const square = v.pipe(v.number(), v.finite(), v.minValue(0));

// A key that is not known would be one that was changed.
const resultSchema = v.strictObject({
	window: v.pipe(v.number(), v.integer(), v.minValue(0)),
	/** See cases.ts. */
	case: v.string(),
	/** Mean natural-log loss of the window's predicted tokens. */
	loss: v.pipe(v.number(), v.finite()),
	/** Of a pair: ‖(P_source − P_follower)·V·W_O‖² and ‖P_follower·V·W_O‖². */
	squares: v.optional(v.tuple([square, square])),
	/** Of the line and the header's, see `sealed`; earlier versions wrote none. */
	checksum: v.optional(v.string())
});

/** 100 bytes per window and case: 8,000 cases on 300 windows. */
const MAX_PROGRESS_BYTES = 256_000_000;

/** Header of a progress file, the subject of its results; results about anything else are not added to it. */
export type ProgressHeader = v.InferOutput<typeof headerSchema>;

/** One case on one window. */
export type CaseResult = Omit<v.InferOutput<typeof resultSchema>, 'checksum'>;

const FILE_NAME_DIGITS = 16;

/** Builds the header of results that this version of Spanwise measures. */
export function progressHeader(about: Omit<ProgressHeader, 'format' | 'version'>): ProgressHeader {
	const { model, tokenizer, texts, context, windows, maxSpan, engine } = about;
	return {
		format: 'spanwise/damage',
		version: VERSION,
		model,
		...(tokenizer !== undefined && { tokenizer }),
		texts,
		context,
		windows,
		maxSpan,
		...(engine !== undefined && { engine })
	};
}

/** The workspace has a file of its own for everything that can be measured. */
export function progressFileIn(home: string, model: string, header: ProgressHeader): string {
	const digest = sha256(JSON.stringify(header));
	return join(home, 'damage', `${model}-${digest.slice(0, FILE_NAME_DIGITS)}.jsonl`);
}

/**
 * Results of a file that another process may be adding to; none where there is no file. Throws InputError where it
 * is no progress file, or a line was changed.
 */
export async function readResults(path: string): Promise<CaseResult[]> {
	const lines = linesOf(await existingText(path));
	if (lines.length > 0) parseLine(path, lines[0], headerSchema);
	return resultsIn(path, lines).results;
}

/** Results of lines that have no header; `where` names them. Throws InputError where one is none. */
export function parseResults(text: string, where: string): CaseResult[] {
	return linesOf(text).map((line) => parseUntrusted(resultSchema, parseJson(line, where), where));
}

/**
 * Results on disk, a line of JSON each after the header's line, appended as they come: a process that is ended
 * at any moment loses at most the case it was at, and the next one reads what is there.
 */
export class ProgressFile {
	readonly path: string;
	/** Notes on results that an earlier version wrote without a checksum. */
	readonly notes: readonly string[];
	readonly #handle: FileHandle;
	/** The header's line, which the checksums of the others go over too. */
	readonly #header: string;
	readonly #results = new Map<string, CaseResult>();

	private constructor(
		path: string,
		handle: FileHandle,
		header: string,
		{ results, unsealed }: { results: readonly CaseResult[]; unsealed: number }
	) {
		this.path = path;
		this.#handle = handle;
		this.#header = header;
		this.notes =
			unsealed === 0
				? []
				: [
						`${path}: ${unsealed} of ${results.length} results have no checksum: an earlier version wrote them, and a change of them would not be noticed`
					];
		for (const result of results) this.#results.set(keyOf(result.window, result.case), result);
	}

	/**
	 * Opens the file or makes it. What an ended process left of a last line is cut off. Throws InputError where
	 * the file is none of these, about something else, or a line of it was changed.
	 */
	static async open(path: string, header: ProgressHeader): Promise<ProgressFile> {
		makePrivateFolder(dirname(path));
		const text = await existingText(path);
		const lines = linesOf(text);
		if (lines.length > 0) checkHeader(path, lines[0], header);
		else if (text !== '' && !lineOf(header).startsWith(text)) throw notOne(path);
		const found = resultsIn(path, lines);
		const whole = text.slice(0, text.lastIndexOf('\n') + 1);
		if (whole !== text) await truncate(path, Buffer.byteLength(whole));
		const handle = await open(path, 'a');
		if (lines.length === 0) await handle.appendFile(lineOf(header));
		return new ProgressFile(path, handle, lines.at(0) ?? JSON.stringify(header), found);
	}

	/** Results that are there. */
	get size(): number {
		return this.#results.size;
	}

	get(window: number, name: string): CaseResult | undefined {
		return this.#results.get(keyOf(window, name));
	}

	async add(result: CaseResult): Promise<void> {
		await this.#handle.appendFile(lineOf(sealed(result, this.#header)));
		this.#results.set(keyOf(result.window, result.case), result);
	}

	async close(): Promise<void> {
		await this.#handle.close();
	}

	/** Removes the file, whose results cannot be trusted; it is still to be closed. */
	async discard(): Promise<void> {
		await rm(this.path, { force: true });
	}
}

function keyOf(window: number, name: string): string {
	return `${window} ${name}`;
}

function lineOf(value: ProgressHeader | CaseResult): string {
	return `${JSON.stringify(value)}\n`;
}

/** Whole lines: a last one without its end is still being written, or never was. */
function linesOf(text: string): string[] {
	return text.split('\n').slice(0, -1);
}

/** Of the lines after the header's; `unsealed` is how many of them have no checksum. */
function resultsIn(path: string, lines: readonly string[]) {
	const results: CaseResult[] = [];
	let unsealed = 0;
	for (const [at, line] of lines.entries()) {
		if (at === 0) continue;
		const { checksum, ...result } = parseResult(path, line, { at, header: lines[0] });
		if (checksum === undefined) unsealed++;
		results.push(result);
	}
	return { results, unsealed };
}

function parseResult(path: string, line: string, { at, header }: { at: number; header: string }) {
	const where = `progress file ${path}: line ${at + 1}`;
	try {
		const json = parseJson(line, where);
		const result = parseUntrusted(resultSchema, json, where);
		checkSeal(json, where, header);
		return result;
	} catch (error) {
		if (!(error instanceof InputError)) throw error;
		throw new InputError(
			`${where}: changed or damaged after it was written; delete the line, and it is measured again`,
			{ cause: error }
		);
	}
}

async function existingText(path: string): Promise<string> {
	const found = await stat(path).catch(() => null);
	if (found === null) return '';
	if (found.isDirectory()) throw notOne(path);
	return readTextFile(path, MAX_PROGRESS_BYTES);
}

function checkHeader(path: string, line: string, expected: ProgressHeader): void {
	const found = parseLine(path, line, headerSchema);
	const keys = [...Object.keys(expected), 'engine'] as (keyof ProgressHeader)[];
	for (const key of keys) {
		const [there, wanted] = [found[key], expected[key]].map((value) => JSON.stringify(value));
		if (there !== wanted) {
			throw new InputError(
				`progress file ${path}: made with ${key} ${there}; this is ${wanted}; name another file with --out`
			);
		}
	}
}

function parseLine<Schema extends v.GenericSchema>(
	path: string,
	line: string,
	schema: Schema
): v.InferOutput<Schema> {
	try {
		return parseUntrusted(schema, parseJson(line, path), path);
	} catch (error) {
		throw notOne(path, error);
	}
}

function notOne(path: string, cause?: unknown): InputError {
	return new InputError(
		`progress file ${path}: not one of spanwise damage; name another file with --out`,
		{ cause }
	);
}
