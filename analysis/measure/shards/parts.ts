/** Parts of a measurement on disk, each written by a shard: <folder>/<index>-of-<count>/ with part.json and its files. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { MAX_LARGE_JSON_BYTES, readBytes, readJsonFile } from '../../edge/json.ts';
import { parseUntrusted } from '../../edge/parse.ts';
import { quoted } from '../../edge/quote.ts';
import { checkSeal, sealed, sha256 } from '../../edge/seal.ts';
import { InputError, messageOf } from '../../errors.ts';
import { VERSION } from '../../version.ts';
import { writeFolder, type FolderFile } from '../../workspace/wholeFolder.ts';
import { shardWords, type Shard } from './shard.ts';

const MANIFEST = 'part.json';
/** 2 GB, as much as is read at once: the sums of 80 layers of 64 heads have 0.2 GB. */
const MAX_SUMS_BYTES = 2_000_000_000;
const DIGITS = 12;

const aboutSchema = v.object({
	kind: v.string(),
	/** Version of Spanwise. */
	spanwise: v.string(),
	/** The model's hash. */
	model: v.string(),
	/** SHA-256 of tokenizer.json. */
	tokenizer: v.string(),
	/** SHA-256 of each text, and of the questions. */
	texts: v.array(v.string()),
	questions: v.nullable(v.string()),
	settings: v.record(v.string(), v.unknown())
});

const manifestSchema = v.object({
	format: v.literal('spanwise/shard'),
	version: v.literal(1),
	about: aboutSchema,
	shard: v.object({
		index: v.pipe(v.number(), v.integer(), v.minValue(0)),
		count: v.pipe(v.number(), v.integer(), v.minValue(1))
	}),
	/** SHA-256 of each file beside it. */
	files: v.record(v.string(), v.string()),
	checksum: v.string()
});

/** Identity of a measurement, equal in all of its shards: kind, version, hashes of model and texts, settings. */
export type About = v.InferOutput<typeof aboutSchema>;

/** A shard's part, checked as it is read. */
export interface Part {
	shard: Shard;
	/** Bytes of one of its files. Throws InputError where it is missing or not what was written. */
	read(file: string): Promise<Buffer>;
	/** Returns true if the part has a file of that name. */
	has(file: string): boolean;
}

/** Inputs of a measurement that its parts depend on. */
export interface Measured {
	kind: string;
	documents: readonly { text: string }[];
	questions: { text: string } | null;
	settings: object;
}

/** Builds the identity of a measurement. `model`: hashes of the model that runs and of its tokenizer. */
export function aboutOf(
	{ kind, documents, questions, settings }: Measured,
	model: { hash: string; tokenizer: string }
): About {
	return {
		kind,
		spanwise: VERSION,
		model: model.hash,
		tokenizer: model.tokenizer,
		texts: documents.map(({ text }) => sha256(text)),
		questions: questions === null ? null : sha256(questions.text),
		settings: { ...settings }
	};
}

/**
 * Name of the folder of a measurement's parts, and the id of what is made of them. Machines that were given the same
 * agree on it, also where their models differ: that is then refused.
 */
export function partsName(about: About, modelName: string, count: number): string {
	const { kind, texts, questions, settings } = about;
	const digest = sha256(JSON.stringify({ kind, texts, questions, settings, count }));
	const name = modelName.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
	return `${kind}-${name}-${digest.slice(0, DIGITS)}`;
}

/** Indices of the shards that have written no part yet. Throws InputError as `readParts`. */
export async function missingShards(
	folder: string,
	count: number,
	about: About
): Promise<number[]> {
	const missing: number[] = [];
	for (let index = 0; index < count; index++)
		if ((await readManifest(folder, { index, count }, about)) === null) missing.push(index);
	return missing;
}

/** Writes a shard's part, whole or not at all. */
export async function writePart(
	folder: string,
	shard: Shard,
	about: About,
	files: readonly FolderFile[]
): Promise<void> {
	const manifest = sealed({
		format: 'spanwise/shard',
		version: 1,
		about,
		shard,
		files: Object.fromEntries(files.map(({ file, bytes }) => [file, sha256(bytes)]))
	});
	const bytes = Buffer.from(`${JSON.stringify(manifest, null, '\t')}\n`);
	await writeFolder(join(folder, nameOf(shard)), [...files, { file: MANIFEST, bytes }], 'result');
}

/**
 * The parts of all shards, in order. Throws InputError where one is missing, was changed, is another shard's, or was made
 * from other settings, texts or weights.
 */
export async function readParts(folder: string, count: number, about: About): Promise<Part[]> {
	const missing = await missingShards(folder, count, about);
	if (missing.length > 0) throw new InputError(`${folder}: ${missingWords(missing, count)}`);
	const parts: Part[] = [];
	for (let index = 0; index < count; index++) {
		const shard = { index, count };
		const files = (await readManifest(folder, shard, about)) ?? {};
		const place = join(folder, nameOf(shard));
		parts.push({
			shard,
			has: (file) => file in files,
			read: async (file) => {
				const path = join(place, file);
				const bytes = await readBytes(path, MAX_SUMS_BYTES).catch((error: unknown) => {
					throw new InputError(`${messageOf(error)}; measure ${shardWords(shard)} again`, {
						cause: error
					});
				});
				if (sha256(bytes) === files[file]) return bytes;
				throw new InputError(
					`${path}: changed or damaged after it was written; delete ${place}, and measure ${shardWords(shard)} again`
				);
			}
		});
	}
	return parts;
}

/** "shards 0, 3 of 4 are missing" */
function missingWords(missing: readonly number[], count: number): string {
	const [noun, verb] = missing.length === 1 ? ['shard', 'is'] : ['shards', 'are'];
	return `${noun} ${missing.join(', ')} of ${count} ${verb} missing`;
}

function nameOf({ index, count }: Shard): string {
	return `${index}-of-${count}`;
}

/** Files of a part with their hashes; null: it is not there. */
async function readManifest(
	folder: string,
	shard: Shard,
	about: About
): Promise<Record<string, string> | null> {
	const place = join(folder, nameOf(shard));
	if ((await stat(place).catch(() => null)) === null) return null;
	const where = join(place, MANIFEST);
	const json = await readJsonFile(where, MAX_LARGE_JSON_BYTES);
	const found = parseUntrusted(manifestSchema, json, where);
	checkSeal(json, where);
	if (found.shard.index !== shard.index || found.shard.count !== shard.count)
		throw new InputError(
			`${where}: the part of ${shardWords(found.shard)}; expected ${shardWords(shard)}: no shard may stand in for another`
		);
	const [theirs, ours] = [fieldsOf(found.about), fieldsOf(about)];
	for (const name of new Set([...ours.keys(), ...theirs.keys()])) {
		if (theirs.get(name) === ours.get(name)) continue;
		const [made, wanted] = [theirs, ours].map((about) => quoted(about.get(name) ?? 'left out'));
		throw new InputError(
			`${where}: made with ${quoted(name)} ${made}; this is ${wanted}: the shards of one measurement have the same settings, texts and weights; delete that part, or name another --shard-folder`
		);
	}
	return found.files;
}

/** Every setting and all else that shards have in common, as JSON. */
function fieldsOf({ settings, ...rest }: About): Map<string, string> {
	return new Map(
		Object.entries<unknown>({ ...rest, ...settings })
			// As JSON has it: what is undefined is not there.
			.filter(([, value]) => value !== undefined)
			.map(([key, value]) => [key, JSON.stringify(value)])
	);
}
