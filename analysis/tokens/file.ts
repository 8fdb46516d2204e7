import { createHash } from 'node:crypto';
import { Tokenizer as RustTokenizer } from 'tokenizers';
import * as v from 'valibot';
import { MAX_TOKENIZER_BYTES, parseJson, readBytes } from '../edge/json.ts';
import { parseUntrusted } from '../edge/parse.ts';
import { quoted } from '../edge/quote.ts';
import { InputError, messageOf } from '../errors.ts';

/** Ids by token, or for Unigram models [token, score] in the order of ids. */
type Vocabulary = Record<string, number> | unknown[];

/** What this program reads of tokenizer.json itself; all else is checked by the library that reads it. */
const schema = v.looseObject({
	model: v.looseObject({
		/** Not v.record, which drops keys such as "constructor": an ordinary token. */
		vocab: v.custom<Vocabulary>((value) => typeof value === 'object' && value !== null),
		dropout: v.nullish(
			v.literal(0, 'a dropout above 0 makes ids random; set it to null, as for inference')
		)
	}),
	added_tokens: v.optional(v.array(v.looseObject({ content: v.string() })), [])
});

export type TokenizerJson = v.InferOutput<typeof schema>;

export interface TokenizerFile {
	/** SHA-256 of the file. */
	sha256: string;
	json: TokenizerJson;
	/** Hugging Face's own implementation, the one that transformers uses. */
	rust: RustTokenizer;
}

/**
 * Reads a tokenizer.json. Throws InputError for what Hugging Face's tokenizers refuses, and for what it accepts and then
 * cannot encode with, or only at random.
 */
export async function readTokenizerFile(file: string): Promise<TokenizerFile> {
	const bytes = await readBytes(file, MAX_TOKENIZER_BYTES);
	const where = quoted(file);
	let rust: RustTokenizer;
	let text: string;
	try {
		text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
		rust = RustTokenizer.fromString(text);
	} catch (error) {
		throw new InputError(`${where}: not a usable tokenizer: ${quoted(messageOf(error))}`, {
			cause: error
		});
	}
	rust.disableTruncation();
	rust.disablePadding();
	const json = parseUntrusted(schema, parseJson(text, where), where);
	for (const part of [json.pre_tokenizer, json.post_processor]) checkPart(part, where);
	return { sha256: createHash('sha256').update(bytes).digest('hex'), json, rust };
}

const partSchema = v.looseObject({
	type: v.optional(v.string()),
	length: v.optional(v.number()),
	single: v.optional(
		v.array(v.looseObject({ SpecialToken: v.optional(v.object({ id: v.string() })) }))
	),
	special_tokens: v.optional(v.custom<object>((value) => typeof value === 'object'))
});

/** Refuses what would end the process at the first text: the library does not check it when it reads the file. */
function checkPart(part: unknown, where: string): void {
	if (typeof part !== 'object' || part === null) return;
	if (Array.isArray(part)) {
		for (const each of part) checkPart(each, where);
		return;
	}
	const parsed = v.safeParse(partSchema, part);
	if (!parsed.success) return;
	const { type, length, single, special_tokens } = parsed.output;
	if (type === 'FixedLength' && !(length !== undefined && length >= 1)) {
		throw new InputError(`${where}: FixedLength: found length ${length}; expected at least 1`);
	}
	if (type === 'TemplateProcessing') {
		for (const { SpecialToken } of single ?? []) {
			if (SpecialToken && !Object.hasOwn(special_tokens ?? {}, SpecialToken.id)) {
				throw new InputError(
					`${where}: TemplateProcessing: "${quoted(SpecialToken.id)}" is not among its special_tokens`
				);
			}
		}
	}
	for (const each of Object.values(part)) checkPart(each, where);
}
