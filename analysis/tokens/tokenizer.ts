import { dirname, join } from 'node:path';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import * as v from 'valibot';
import { exists, isFolder } from '../checkpoint/files.ts';
import { MAX_TOKENIZER_BYTES, readJsonFile } from '../edge/json.ts';
import { missingTokenizer, TOKENIZER } from '../checkpoint/tokenizer.ts';
import type { ModelConfig } from '../checkpoint/types.ts';
import { InputError, messageOf } from '../errors.ts';
import { byteCounter, pieceReader } from './pieces.ts';
import type { Tokenizer } from './types.ts';
import { splitAtMarks } from './wordwise.ts';

const id = v.pipe(v.number(), v.integer(), v.minValue(0));

type Vocabulary = Record<string, number> | unknown[];

/** Not v.record, which drops keys such as "constructor": an ordinary token. */
function isVocabulary(value: unknown): value is Vocabulary {
	if (typeof value !== 'object' || value === null) return false;
	return Array.isArray(value) || Object.values(value).every((each) => v.is(id, each));
}

const tokenizerSchema = v.looseObject({
	model: v.looseObject({
		/** Ids by token, or for Unigram models [token, score] in the order of ids. */
		vocab: v.custom<Vocabulary>(isVocabulary)
	}),
	added_tokens: v.optional(v.array(v.looseObject({ id, content: v.string() })), [])
});

const settingsSchema = v.looseObject({
	add_bos_token: v.nullish(v.boolean()),
	bos_token: v.nullish(v.union([v.string(), v.looseObject({ content: v.string() })]))
});

type Settings = v.InferOutput<typeof settingsSchema>;

/**
 * The tokenizer of a model folder: tokenizer.json, and tokenizer_config.json where there is one; or of a file, with
 * the settings beside it.
 * Throws InputError where there is none, where it cannot be understood, and where it has ids that the model's
 * embedding has no row for.
 */
export async function loadTokenizer(
	place: string,
	config: Pick<ModelConfig, 'vocab'>
): Promise<Tokenizer> {
	const named = (await exists(place)) && !(await isFolder(place));
	const folder = named ? dirname(place) : place;
	const missing = named ? null : await missingTokenizer(folder);
	if (missing !== null) throw new InputError(missing);
	const file = named ? place : join(folder, TOKENIZER);
	const parsed = v.safeParse(tokenizerSchema, await readJsonFile(file, MAX_TOKENIZER_BYTES));
	if (!parsed.success) throw new InputError(`${file}: not a tokenizer: no usable vocabulary`);
	const json = parsed.output;
	const size = tokenizerSize(json);
	if (size > config.vocab) {
		throw new InputError(
			`${file}: highest id is ${size - 1}; the embedding has ${config.vocab} rows, ` +
				'so this tokenizer belongs to another model'
		);
	}
	const settingsFile = join(folder, 'tokenizer_config.json');
	const settings = (await exists(settingsFile))
		? v.safeParse(settingsSchema, await readJsonFile(settingsFile))
		: null;
	if (settings !== null && !settings.success) {
		throw new InputError(`${settingsFile}: not the settings of a tokenizer`);
	}
	let inner: HuggingFaceTokenizer;
	try {
		const tokens = Array.isArray(json.model.vocab) ? [] : Object.keys(json.model.vocab);
		const split = splitAtMarks(json, json.model, tokens);
		inner = new HuggingFaceTokenizer(split, settings?.output ?? {});
	} catch (error) {
		throw new InputError(`${file}: cannot be used: ${messageOf(error)}`, { cause: error });
	}
	return {
		bosId: bosIdOf(inner, settings?.output ?? {}),
		size,
		encode: (text) => inner.encode(text, { add_special_tokens: false }).ids,
		pieces: pieceReader(json, (token) => inner.id_to_token(token)),
		byteLengths: byteCounter(json, (token) => inner.id_to_token(token))
	};
}

/** Highest id + 1, added tokens included. */
function tokenizerSize(json: v.InferOutput<typeof tokenizerSchema>): number {
	const { vocab } = json.model;
	let size = Array.isArray(vocab) ? vocab.length : 0;
	if (!Array.isArray(vocab)) {
		for (const token of Object.values(vocab)) size = Math.max(size, token + 1);
	}
	for (const token of json.added_tokens) size = Math.max(size, token.id + 1);
	return size;
}

/**
 * The id that encoding with special tokens puts first. As in transformers 5, an `add_bos_token` in
 * tokenizer_config.json stands before the post-processor of tokenizer.json.
 */
function bosIdOf(inner: HuggingFaceTokenizer, settings: Settings): number | null {
	if (settings.add_bos_token != null) {
		const token = settings.bos_token;
		if (!settings.add_bos_token || token == null) return null;
		return inner.token_to_id(typeof token === 'string' ? token : token.content) ?? null;
	}
	const probe = 'a';
	const bare = inner.encode(probe, { add_special_tokens: false }).ids;
	const full = inner.encode(probe).ids;
	return full.length > bare.length && full[0] !== bare[0] ? full[0] : null;
}
