import { InputError } from '../../../errors.ts';
import type { Tokenizer } from '../../../model/tokens/types.ts';

/** Tokens of long in-context probes: ids of single-token words, and the tokens that stand between words. */
export interface ProbeWords {
	words: number[];
	/** Between what is asked and its answer. */
	colon: number[];
	/** Between lines. */
	newline: number[];
	bosId: number | null;
}

/** A space and a lower-case word, as most tokenizers have thousands. */
const WORD = /^ [a-z]{3,12}$/;
/** Number of such words that suffices; where a tokenizer has fewer, any token of letters counts as a word. */
const ENOUGH = 200;
const LETTERS = /^ ?\p{L}+$/u;
/** So many ids are looked at. */
const MOST_IDS = 300_000;

/** Returns the words of a tokenizer, in the order of their ids. Throws InputError where it has no token between them. */
export async function probeWords(
	tokenizer: Pick<Tokenizer, 'bosId' | 'encode' | 'pieces'>,
	vocab: number
): Promise<ProbeWords> {
	const ids = Array.from({ length: Math.min(vocab, MOST_IDS) }, (_, id) => id);
	const pieces = tokenizer.pieces(ids);
	const matching = (pattern: RegExp) => ids.filter((id) => pattern.test(pieces[id]));
	const usual = matching(WORD);
	const words = usual.length < ENOUGH ? matching(LETTERS) : usual;
	const separator = async (text: string) => {
		const found = await between(tokenizer, pieces[words[0]] ?? 'a', text);
		if (found.length > 0) return found;
		throw new InputError(
			`probes: this tokenizer has no token for ${JSON.stringify(text)}; leave the probes out`
		);
	};
	return {
		words,
		colon: await separator(':'),
		newline: await separator('\n'),
		bosId: tokenizer.bosId
	};
}

/** Tokens of `text` where it stands between two words; by itself where its tokens are not separate from theirs. */
async function between(
	tokenizer: Pick<Tokenizer, 'encode'>,
	word: string,
	text: string
): Promise<number[]> {
	const { ids: own } = await tokenizer.encode(word);
	const { ids } = await tokenizer.encode(word + text + word);
	const inner = ids.slice(own.length, ids.length - own.length);
	const around = [...ids.slice(0, own.length), ...ids.slice(ids.length - own.length)];
	const apart = own.length > 0 && around.every((id, at) => id === own[at % own.length]);
	return apart && inner.length > 0 ? inner : (await tokenizer.encode(text)).ids;
}
