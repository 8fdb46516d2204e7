import type { Encoded, Tokenizer } from '../../analysis/model/tokens/types.ts';

/** A tokenizer of one token a word: `word` (global) says what a word is, `idOf` its id. */
export function wordTokenizer(
	bosId: number | null,
	word = /\d+/g,
	idOf: (word: string) => number = Number
): Tokenizer & { seen: number } {
	return {
		sha256: '0'.repeat(64),
		bosId,
		/** Characters that it was given so far. */
		seen: 0,
		encode(text: string): Promise<Encoded> {
			this.seen += text.length;
			const found = [...text.matchAll(word)];
			return Promise.resolve({
				ids: found.map(([each]) => idOf(each)),
				settled: Math.max(0, found.length - 1),
				starts: () => found.map(({ index }) => index)
			});
		},
		pieces: (ids) => ids.map(String),
		byteLengths: (ids) => ids.map((id) => String(id).length)
	};
}
