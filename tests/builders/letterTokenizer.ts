/** Small letters, a space and a full stop: all that the tokenizer of `letterTokenizer` can read. */
const CHARACTERS = ['Ġ', ...Array.from('abcdefghijklmnopqrstuvwxyz'), '.'];
const BEGIN = '<|begin|>';

/** A tokenizer.json of 29 ids, one a character; "<|begin|>" (id 0) goes before every text. */
export function letterTokenizer(): Record<string, unknown> {
	const begin = { SpecialToken: { id: BEGIN, type_id: 0 } };
	const sequence = (id: string, type: number) => ({ Sequence: { id, type_id: type } });
	const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true };
	return {
		version: '1.0',
		truncation: null,
		padding: null,
		added_tokens: [
			{
				id: 0,
				content: BEGIN,
				single_word: false,
				lstrip: false,
				rstrip: false,
				normalized: false,
				special: true
			}
		],
		normalizer: null,
		pre_tokenizer: { ...byteLevel, use_regex: true },
		post_processor: {
			type: 'TemplateProcessing',
			single: [begin, sequence('A', 0)],
			pair: [begin, sequence('A', 0), begin, sequence('B', 1)],
			special_tokens: { [BEGIN]: { id: BEGIN, ids: [0], tokens: [BEGIN] } }
		},
		decoder: { ...byteLevel, use_regex: true },
		model: {
			type: 'BPE',
			dropout: null,
			unk_token: null,
			continuing_subword_prefix: null,
			end_of_word_suffix: null,
			fuse_unk: false,
			byte_fallback: false,
			ignore_merges: false,
			vocab: Object.fromEntries([BEGIN, ...CHARACTERS].map((token, id) => [token, id])),
			merges: []
		}
	};
}
