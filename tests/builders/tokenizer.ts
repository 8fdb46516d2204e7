/** Merges of the tiny tokenizer, most frequent first. */
const MERGES = [
	['Ġ', 't'],
	['h', 'e'],
	['Ġt', 'he'],
	['i', 'n'],
	['e', 'r'],
	['Ġ', 'a'],
	['o', 'n'],
	['a', 'n'],
	['Ġ', 's'],
	['r', 'e'],
	['n', 'd'],
	['Ġ', 'w'],
	['Ġa', 'nd'],
	['in', 'g']
];

/** Ids of the tiny tokenizer: two special tokens, 256 bytes, the merges. */
export const TINY_TOKENIZER_SIZE = 2 + 256 + MERGES.length;

/** A small byte-level BPE tokenizer.json; with `bos`, "<|begin|>" (id 0) goes before every text. */
export function tinyTokenizer(bos: boolean): Record<string, unknown> {
	const tokens = ['<|begin|>', '<|end|>', ...byteAlphabet(), ...MERGES.map(([a, b]) => a + b)];
	return {
		version: '1.0',
		truncation: null,
		padding: null,
		added_tokens: [0, 1].map((id) => ({
			id,
			content: tokens[id],
			single_word: false,
			lstrip: false,
			rstrip: false,
			normalized: false,
			special: true
		})),
		normalizer: null,
		pre_tokenizer: {
			type: 'ByteLevel',
			add_prefix_space: false,
			trim_offsets: true,
			use_regex: true
		},
		post_processor: bos ? beginTemplate(tokens[0]) : null,
		decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
		model: {
			type: 'BPE',
			dropout: null,
			unk_token: null,
			continuing_subword_prefix: null,
			end_of_word_suffix: null,
			fuse_unk: false,
			byte_fallback: false,
			ignore_merges: false,
			vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
			merges: MERGES
		}
	};
}

function beginTemplate(token: string): Record<string, unknown> {
	const begin = { SpecialToken: { id: token, type_id: 0 } };
	const first = { Sequence: { id: 'A', type_id: 0 } };
	return {
		type: 'TemplateProcessing',
		single: [begin, first],
		pair: [begin, first, begin, { Sequence: { id: 'B', type_id: 0 } }],
		special_tokens: { [token]: { id: token, ids: [0], tokens: [token] } }
	};
}

/** GPT-2's stand-ins for the 256 bytes: printable Latin-1 as itself, the rest from U+0100 on. */
function byteAlphabet(): string[] {
	let other = 0x100;
	return Array.from({ length: 256 }, (_, byte) => {
		const printable =
			(byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xff && byte !== 0xad);
		return String.fromCharCode(printable ? byte : other++);
	});
}
