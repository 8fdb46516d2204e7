import { isDeepStrictEqual } from 'node:util';
import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import type { Metadata } from './metadata.ts';

/** Kinds of tokens as ggml numbers them (llama.h, llama_token_type). */
export const TOKEN_TYPES = {
	normal: 1,
	unknown: 2,
	control: 3,
	userDefined: 4,
	unused: 5,
	byte: 6
} as const;

/** The mark that SentencePiece writes for a space. */
export const SPACE = '▁';

const byteLevel = (regex: boolean) => ({
	type: 'ByteLevel',
	add_prefix_space: false,
	trim_offsets: true,
	use_regex: regex
});
const split = (regex: string) => ({
	type: 'Sequence',
	pretokenizers: [
		{ type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false },
		byteLevel(false)
	]
});
const words = (digits: string) =>
	`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

/** Mistral's newer tokenizer, which cuts words where capitals begin. */
const TEKKEN =
	'[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|' +
	'[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|' +
	'\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

interface PreTokenizer {
	pre: object;
	ignoreMerges?: true;
	nfc?: true;
	/** A BOS stands before a text where the file does not say. */
	bos?: true;
}

/** Pre-tokenizers, which cut words before merges, by the value of `tokenizer.ggml.pre` (llama.cpp, llama-vocab.cpp). */
const PRE_TOKENIZERS: Readonly<Record<string, PreTokenizer>> = {
	'gpt-2': { pre: byteLevel(true) },
	smollm: {
		pre: {
			type: 'Sequence',
			pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel(true)]
		}
	},
	'llama-bpe': { pre: split(words('\\p{N}{1,3}')), ignoreMerges: true, bos: true },
	qwen2: { pre: split(words('\\p{N}')), nfc: true },
	'deepseek-r1-qwen': { pre: split(words('\\p{N}')) },
	tekken: { pre: split(TEKKEN), ignoreMerges: true, bos: true }
};

/** llama.cpp's name of the way in which a tokenizer.json of byte-level BPE cuts words; null: none of those above. */
export function preTokenizerName({
	normalizer,
	preTokenizer
}: {
	normalizer: unknown;
	preTokenizer: unknown;
}): string | null {
	const named = Object.entries(PRE_TOKENIZERS).find(
		([, { pre, nfc }]) =>
			isDeepStrictEqual(withoutOffsets(pre), withoutOffsets(preTokenizer)) &&
			isDeepStrictEqual(normalizer, nfc === true ? { type: 'NFC' } : null)
	);
	return named?.[0] ?? null;
}

/** Without what is said of a token's place in the text, which changes no ids. */
function withoutOffsets(json: unknown): unknown {
	if (Array.isArray(json)) return json.map(withoutOffsets);
	if (typeof json !== 'object' || json === null) return json;
	const kept = Object.entries(json).filter(([key]) => key !== 'trim_offsets');
	return Object.fromEntries(kept.map(([key, value]) => [key, withoutOffsets(value)]));
}

/**
 * The tokenizer.json that a GGUF file's metadata comes to: byte-level BPE ("gpt2", with the pre-tokenizers above) and
 * SentencePiece BPE ("llama"). Throws InputError for what cannot be put into one.
 */
export function ggufTokenizer(metadata: Metadata, where: string): object {
	const model = metadata.text('tokenizer.ggml.model');
	const tokens = metadata.texts('tokenizer.ggml.tokens');
	const types =
		metadata.numbers('tokenizer.ggml.token_type') ?? tokens.map(() => TOKEN_TYPES.normal);
	if (types.length !== tokens.length) {
		throw new InputError(
			`${where}: ${types.length} types of tokens; expected one for each of ${tokens.length}`
		);
	}
	const added_tokens = tokens.flatMap((content, id) => {
		const type = types[id];
		const special =
			type === TOKEN_TYPES.control || (model === 'llama' && type === TOKEN_TYPES.unknown);
		if (!special && type !== TOKEN_TYPES.userDefined) return [];
		return [
			{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special }
		];
	});
	const common = { version: '1.0', truncation: null, padding: null, added_tokens };
	const post = bosProcessor(metadata, tokens, where);
	if (model === 'gpt2') return { ...common, ...gpt2(metadata, tokens, where), ...post };
	if (model === 'llama') return { ...common, ...sentencePiece(metadata, tokens, types), ...post };
	throw new InputError(
		`${where}: tokenizer.ggml.model is ${model === null ? 'not given' : quoted(model)}; supported: gpt2, llama. Name the model's tokenizer.json by --tokenizer`
	);
}

function gpt2(metadata: Metadata, tokens: readonly string[], where: string) {
	const named = metadata.text('tokenizer.ggml.pre') ?? 'not given';
	if (!Object.hasOwn(PRE_TOKENIZERS, named)) {
		throw new InputError(
			`${where}: tokenizer.ggml.pre is ${quoted(named)}; supported: ${Object.keys(PRE_TOKENIZERS).join(', ')}. Name the model's tokenizer.json by --tokenizer`
		);
	}
	const { pre, ignoreMerges, nfc } = PRE_TOKENIZERS[named];
	return {
		normalizer: nfc === true ? { type: 'NFC' } : null,
		pre_tokenizer: pre,
		decoder: byteLevel(true),
		model: {
			type: 'BPE',
			dropout: null,
			unk_token: null,
			continuing_subword_prefix: null,
			end_of_word_suffix: null,
			fuse_unk: false,
			byte_fallback: false,
			ignore_merges: ignoreMerges === true,
			vocab: vocabulary(tokens),
			merges: metadata.texts('tokenizer.ggml.merges').map((merge) => {
				const at = merge.indexOf(' ', 1);
				return [merge.slice(0, at), merge.slice(at + 1)];
			})
		}
	};
}

function sentencePiece(metadata: Metadata, tokens: readonly string[], types: readonly number[]) {
	const scores = metadata.numbers('tokenizer.ggml.scores') ?? tokens.map((_, id) => -id);
	const prefix = metadata.flag('tokenizer.ggml.add_space_prefix') ?? true;
	const unknown = tokens[types.indexOf(TOKEN_TYPES.unknown)] ?? null;
	const put = prefix ? [{ type: 'Prepend', prepend: SPACE }] : [];
	return {
		normalizer: {
			type: 'Sequence',
			normalizers: [...put, { type: 'Replace', pattern: { String: ' ' }, content: SPACE }]
		},
		pre_tokenizer: null,
		decoder: {
			type: 'Sequence',
			decoders: [
				{ type: 'Replace', pattern: { String: SPACE }, content: ' ' },
				{ type: 'ByteFallback' },
				{ type: 'Fuse' },
				...(prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : [])
			]
		},
		model: {
			type: 'BPE',
			dropout: null,
			unk_token: unknown,
			continuing_subword_prefix: null,
			end_of_word_suffix: null,
			fuse_unk: true,
			byte_fallback: true,
			ignore_merges: false,
			vocab: vocabulary(tokens),
			merges: mergesByScore(tokens, types, scores)
		}
	};
}

/**
 * SentencePiece merges the neighbours whose token has the highest score; as a list of merges that is every way to cut
 * every token into two, best token first (as transformers converts SentencePiece models).
 */
function mergesByScore(
	tokens: readonly string[],
	types: readonly number[],
	scores: readonly number[]
): [string, string][] {
	const ids = new Map(tokens.map((token, id) => [token, id]));
	const merges: { left: string; right: string; score: number; order: [number, number, number] }[] =
		[];
	for (const [id, token] of tokens.entries()) {
		if (types[id] !== TOKEN_TYPES.normal && types[id] !== TOKEN_TYPES.userDefined) continue;
		let at = 0;
		for (const character of token) {
			at += character.length;
			if (at === token.length) break;
			const [left, right] = [token.slice(0, at), token.slice(at)];
			const l = ids.get(left);
			const r = l === undefined ? undefined : ids.get(right);
			if (l === undefined || r === undefined) continue;
			merges.push({ left, right, score: scores[id], order: [id, l, r] });
		}
	}
	merges.sort(
		(a, b) =>
			b.score - a.score ||
			a.order[0] - b.order[0] ||
			a.order[1] - b.order[1] ||
			a.order[2] - b.order[2]
	);
	return merges.map(({ left, right }) => [left, right]);
}

/** Ids by token, in an object without inherited keys. */
function vocabulary(tokens: readonly string[]): Record<string, number> {
	return Object.fromEntries(tokens.map((token, id) => [token, id]));
}

/** The BOS before a text where the file asks for it; where it says nothing, as llama.cpp does. */
function bosProcessor(metadata: Metadata, tokens: readonly string[], where: string) {
	const model = metadata.text('tokenizer.ggml.model');
	const pre = metadata.text('tokenizer.ggml.pre') ?? '';
	const usual =
		model === 'llama' || (Object.hasOwn(PRE_TOKENIZERS, pre) && PRE_TOKENIZERS[pre].bos === true);
	if (!(metadata.flag('tokenizer.ggml.add_bos_token') ?? usual)) return { post_processor: null };
	const id = metadata.number('tokenizer.ggml.bos_token_id') ?? (model === 'llama' ? 1 : -1);
	const token = tokens.at(id);
	if (id < 0 || token === undefined) {
		throw new InputError(
			`${where}: tokenizer.ggml.bos_token_id is ${id}; expected one of ${tokens.length} tokens`
		);
	}
	const sequence = { Sequence: { id: 'A', type_id: 0 } };
	const bos = { SpecialToken: { id: token, type_id: 0 } };
	return {
		post_processor: {
			type: 'TemplateProcessing',
			single: [bos, sequence],
			pair: [bos, sequence, bos, { Sequence: { id: 'B', type_id: 0 } }],
			special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } }
		}
	};
}
