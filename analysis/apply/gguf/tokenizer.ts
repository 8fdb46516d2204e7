import { join } from 'node:path';
import * as v from 'valibot';
import {
	MAX_SMALL_JSON_BYTES,
	MAX_TOKENIZER_BYTES,
	readJsonFile,
	readTextFile
} from '../../edge/json.ts';
import { parseOrNull, parseUntrusted } from '../../edge/parse.ts';
import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import { exists } from '../../model/checkpoint/files.ts';
import { TOKENIZER } from '../../model/checkpoint/tokenizer.ts';
import type { Checkpoint } from '../../model/checkpoint/types.ts';
import { preTokenizerName, SPACE, TOKEN_TYPES } from '../../model/gguf/tokenizer.ts';
import { loadTokenizer } from '../../model/tokens/tokenizer.ts';
import { specialIds } from '../genaiConfig.ts';
import { flag, floats, text, texts, whole, wholes, type TypedMetadata } from './metadata.ts';

const merge = v.union([v.string(), v.tuple([v.string(), v.string()])]);
const schema = v.looseObject({
	normalizer: v.unknown(),
	pre_tokenizer: v.unknown(),
	added_tokens: v.optional(
		v.array(v.looseObject({ id: v.number(), content: v.string(), special: v.boolean() })),
		[]
	),
	model: v.looseObject({
		type: v.literal('BPE', 'expected BPE; llama.cpp has no other that Spanwise writes'),
		byte_fallback: v.optional(v.nullable(v.boolean())),
		unk_token: v.optional(v.nullable(v.string())),
		/** Not v.record, which drops keys such as "constructor": an ordinary token. */
		vocab: v.custom<Record<string, number>>((value) => typeof value === 'object' && value !== null),
		merges: v.array(merge)
	})
});
type TokenizerJson = v.InferOutput<typeof schema>;

const BYTE = /^<0x[0-9A-F]{2}>$/;
const template = v.object({ chat_template: v.nullish(v.string()) });

/**
 * A checkpoint's tokenizer as the metadata of a GGUF file: byte-level BPE whose way to cut words llama.cpp has a name for,
 * and BPE made from SentencePiece. Throws InputError for any other.
 */
export async function tokenizerMetadata(checkpoint: Checkpoint): Promise<TypedMetadata> {
	const { folder, config } = checkpoint;
	const file = join(folder, TOKENIZER);
	const where = quoted(file);
	const json = parseUntrusted(schema, await readJsonFile(file, MAX_TOKENIZER_BYTES), where);
	const { bosId } = await loadTokenizer(folder, config);
	const { eos, pad } = await specialIds(folder);
	const end = Array.isArray(eos) ? eos.at(0) : eos;
	const chat = await chatTemplate(folder);
	const tokens = tokensOf(json, config.vocab);
	const bos = bosId ?? config.bosId;
	return new Map([
		...(json.model.byte_fallback === true
			? sentencePiece(json, tokens, where)
			: byteLevel(json, where)),
		['tokenizer.ggml.tokens', texts(tokens.map(({ token }) => token))],
		['tokenizer.ggml.token_type', wholes(tokens.map(({ type }) => type))],
		['tokenizer.ggml.add_bos_token', flag(bosId !== null)],
		...(bos === null ? [] : ([['tokenizer.ggml.bos_token_id', whole(bos)]] as const)),
		...(end == null ? [] : ([['tokenizer.ggml.eos_token_id', whole(end)]] as const)),
		...(pad === null ? [] : ([['tokenizer.ggml.padding_token_id', whole(pad)]] as const)),
		...(chat === null ? [] : ([['tokenizer.chat_template', text(chat)]] as const))
	]);
}

interface Token {
	token: string;
	type: number;
}

/** Every row of the embedding: tokens of the vocabulary, those added to it, and names for rows that no text uses. */
function tokensOf({ model, added_tokens }: TokenizerJson, rows: number): Token[] {
	const tokens = Array.from({ length: rows }, (_, id): Token => ({
		token: `[PAD${id}]`,
		type: TOKEN_TYPES.unused
	}));
	for (const [token, id] of Object.entries(model.vocab)) {
		const type =
			model.byte_fallback === true && BYTE.test(token) ? TOKEN_TYPES.byte : TOKEN_TYPES.normal;
		if (id < rows) tokens[id] = { token, type };
	}
	for (const { id, content, special } of added_tokens) {
		const type = special ? TOKEN_TYPES.control : TOKEN_TYPES.userDefined;
		if (id < rows) tokens[id] = { token: content, type };
	}
	const unknown = tokens.find(({ token }) => token === model.unk_token);
	if (unknown !== undefined) unknown.type = TOKEN_TYPES.unknown;
	return tokens;
}

function byteLevel(
	{ model, normalizer, pre_tokenizer }: TokenizerJson,
	where: string
): TypedMetadata {
	const name = preTokenizerName({ normalizer, preTokenizer: pre_tokenizer });
	if (name === null) {
		throw new InputError(
			`${where}: cuts words in a way that Spanwise knows no llama.cpp name for; convert the model with llama.cpp's ` +
				'convert_hf_to_gguf.py and apply the plan to the GGUF file'
		);
	}
	return new Map([
		['tokenizer.ggml.model', text('gpt2')],
		['tokenizer.ggml.pre', text(name)],
		[
			'tokenizer.ggml.merges',
			texts(model.merges.map((pair) => (typeof pair === 'string' ? pair : pair.join(' '))))
		]
	]);
}

/** Scores by which SentencePiece merges: tokens that are merged earlier have the higher one. */
function sentencePiece(
	{ model: { merges }, normalizer, pre_tokenizer }: TokenizerJson,
	tokens: readonly Token[],
	where: string
): TypedMetadata {
	const prefix = putsSpaceFirst(normalizer, pre_tokenizer);
	if (prefix === null) {
		throw new InputError(
			`${where}: treats spaces otherwise than SentencePiece; convert the model with llama.cpp's ` +
				'convert_hf_to_gguf.py and apply the plan to the GGUF file'
		);
	}
	const rank = new Map<string, number>();
	for (const [at, pair] of merges.entries()) {
		const token = typeof pair === 'string' ? pair.replace(' ', '') : pair.join('');
		if (!rank.has(token)) rank.set(token, at);
	}
	const scores = tokens.map(({ token, type }) =>
		type === TOKEN_TYPES.normal ? -(rank.get(token) ?? merges.length) : 0
	);
	return new Map([
		['tokenizer.ggml.model', text('llama')],
		['tokenizer.ggml.pre', text('default')],
		['tokenizer.ggml.scores', floats(scores)],
		['tokenizer.ggml.add_space_prefix', flag(prefix)]
	]);
}

const step = v.looseObject({ type: v.string() });
const normalizers = v.object({ type: v.literal('Sequence'), normalizers: v.array(step) });
const metaspace = v.looseObject({
	type: v.literal('Metaspace'),
	replacement: v.literal(SPACE),
	prepend_scheme: v.picklist(['first', 'always', 'never'])
});

/** Returns true if the tokenizer puts a space before a text; null: it does not treat spaces as SentencePiece does. */
function putsSpaceFirst(normalizer: unknown, preTokenizer: unknown): boolean | null {
	const marks = parseOrNull(metaspace, preTokenizer);
	if (marks !== null && normalizer === null) return marks.prepend_scheme !== 'never';
	const steps = parseOrNull(normalizers, normalizer)
		?.normalizers.map(({ type }) => type)
		.join();
	if (preTokenizer !== null || steps === undefined) return null;
	if (steps === 'Prepend,Replace') return true;
	return steps === 'Replace' ? false : null;
}

async function chatTemplate(folder: string): Promise<string | null> {
	const file = join(folder, 'chat_template.jinja');
	if (await exists(file)) return readTextFile(file, MAX_SMALL_JSON_BYTES);
	const config = join(folder, 'tokenizer_config.json');
	if (!(await exists(config))) return null;
	return parseOrNull(template, await readJsonFile(config))?.chat_template ?? null;
}
