import { Tokenizer as RustTokenizer } from 'tokenizers';
import * as v from 'valibot';
import { MAX_TOKENIZER_BYTES, parseJson, readBytes } from '../../edge/json.ts';
import { parseUntrusted } from '../../edge/parse.ts';
import { quoted } from '../../edge/quote.ts';
import { sha256 } from '../../edge/seal.ts';
import { InputError, messageOf } from '../../errors.ts';
import { isGguf, readGgufHeader } from '../gguf/header.ts';
import { Metadata } from '../gguf/metadata.ts';
import { ggufTokenizer } from '../gguf/tokenizer.ts';
import { checkSafe } from './safety.ts';

/** Ids by token, or for Unigram models [token, score] in the order of ids. */
type Vocabulary = Record<string, number> | unknown[];

/** Fields of tokenizer.json that this program reads itself; the library that reads the file checks all else. */
const schema = v.looseObject({
	model: v.looseObject({
		/** Not v.record, which drops keys such as "constructor": an ordinary token. */
		vocab: v.custom<Vocabulary>((value) => typeof value === 'object' && value !== null)
	}),
	added_tokens: v.optional(v.array(v.looseObject({ content: v.string() })), [])
});

export type TokenizerJson = v.InferOutput<typeof schema>;

export interface TokenizerFile {
	/** SHA-256 of the file; of a GGUF file, of the tokenizer.json that it comes to. */
	sha256: string;
	json: TokenizerJson;
	/** Hugging Face's own implementation, the one that transformers uses. */
	rust: RustTokenizer;
}

/**
 * Reads a tokenizer.json, or the tokenizer in a GGUF file. Throws InputError for what Hugging Face's tokenizers refuses, and for what it cannot encode
 * with, or only at random.
 */
export async function readTokenizerFile(file: string): Promise<TokenizerFile> {
	const where = quoted(file);
	const bytes = (await isGguf(file))
		? await bytesOfGguf(file, where)
		: await readBytes(file, MAX_TOKENIZER_BYTES);
	let rust: RustTokenizer;
	let json: unknown;
	try {
		const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
		json = parseJson(text, where);
		checkSafe(json, where);
		rust = RustTokenizer.fromString(text);
	} catch (error) {
		if (error instanceof InputError) throw error;
		throw new InputError(`${where}: not a usable tokenizer: ${quoted(messageOf(error))}`, {
			cause: error
		});
	}
	rust.disableTruncation();
	rust.disablePadding();
	return { sha256: sha256(bytes), json: parseUntrusted(schema, json, where), rust };
}

async function bytesOfGguf(file: string, where: string): Promise<Uint8Array> {
	const { metadata } = await readGgufHeader(file);
	return new TextEncoder().encode(
		JSON.stringify(ggufTokenizer(new Metadata(metadata, where), where))
	);
}
