import * as v from 'valibot';

const MARK = '\u2581';

const metaspaceSchema = v.looseObject({
	type: v.literal('Metaspace'),
	split: v.nullish(v.boolean())
});

/**
 * tokenizer.json with SentencePiece's word markers ("▁") made places to split at, which @huggingface/tokenizers
 * 0.2 does not do by itself: it takes a whole text for one word, is several times slower for it, and would merge across
 * words where the Rust tokenizers do not (`split`, true unless said otherwise). Where a tokenizer does not ask
 * for the split, it is made all the same if no token reaches across it, since no merge can then either.
 */
export function splitAtMarks(
	json: Record<string, unknown>,
	model: Record<string, unknown>,
	tokens: readonly string[]
): Record<string, unknown> {
	const metaspace = v.safeParse(metaspaceSchema, json.pre_tokenizer);
	if (metaspace.success && metaspace.output.split !== false) {
		return { ...json, pre_tokenizer: sequence(json.pre_tokenizer, `${MARK}[^${MARK}]*`) };
	}
	const unsplit = metaspace.success || json.pre_tokenizer == null;
	const marked = tokens.some((token) => token.startsWith(MARK));
	if (model.type !== 'BPE' || !unsplit || !marked) return json;
	const acrossWords = new RegExp(`[^${MARK}]${MARK}`, 'u');
	if (tokens.some((token) => acrossWords.test(token))) return json;
	return { ...json, pre_tokenizer: sequence(json.pre_tokenizer, `${MARK}+[^${MARK}]*`) };
}

/** The pre-tokenizer there was, if any, then a split into words as `word` describes them. */
function sequence(first: unknown, word: string): Record<string, unknown> {
	const split = {
		type: 'Split',
		pattern: { Regex: `${word}|[^${MARK}]+` },
		behavior: 'Isolated',
		invert: false
	};
	return { type: 'Sequence', pretokenizers: first == null ? [split] : [first, split] };
}
