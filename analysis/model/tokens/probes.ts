import type { Document, Tokenizer } from './types.ts';

/** Tokens of a probe, BOS not counted, and probes in all, where nothing else is said. */
export const PROBE_TOKENS = 512;
export const PROBE_WINDOWS = 8;

/** The first tokens of the second copy are not scored: nothing says yet that the passage comes again. */
const UNSCORED = 6;
/** A text must be this many probes long for probes to lie anywhere but at its start. */
const SPREAD = 4;
/** Every token has a record while a text is encoded: more of it would take gigabytes. */
const MOST_CHARACTERS = 4_000_000;

/** A passage, other text, and the passage again. */
export interface Probe {
	/** Index of the document. */
	document: number;
	/** Token of the document at which the passage starts. */
	start: number;
	/** BOS where the tokenizer adds one, A (q tokens), B (2q), A again. */
	ids: number[];
}

export interface Probes {
	/** By document, then by start; all equally long. */
	probes: Probe[];
	/** Tokens of each, BOS included. */
	context: number;
	/** Tokens of the passage that comes again: q. */
	passage: number;
	/** The loss of so many tokens at the end is the probe's recall. */
	scored: number;
	/** Texts with fewer probes than asked for, and the reason; a line each. */
	notes: string[];
}

/**
 * Cuts probes of in-context recall out of texts: n tokens A B A, where A are n/4 tokens of the text from token o on and B
 * the n/2 from token o + n on. Probe k of N of a text of T tokens starts at o = ⌊k·(T − 4n)/max(1, N − 1)⌋; the N are
 * shared out evenly over the texts, the first taking what is left over. A text shorter than 4n tokens gives one probe,
 * and one shorter than 1.5n none. n is lowered to what the model has positions for, and to a multiple of 4.
 */
export async function cutProbes(
	documents: readonly Document[],
	tokenizer: Pick<Tokenizer, 'bosId' | 'encode'>,
	wanted: { tokens?: number; windows?: number; maxPositions: number }
): Promise<Probes> {
	const { tokens = PROBE_TOKENS, windows = PROBE_WINDOWS, maxPositions } = wanted;
	const bos = tokenizer.bosId === null ? [] : [tokenizer.bosId];
	const passage = Math.floor(Math.min(tokens, maxPositions - bos.length) / 4);
	const length = 4 * passage;
	const probes: Probe[] = [];
	const notes: string[] = [];
	for (const [document, { name, text }] of documents.entries()) {
		const extra = document < windows % documents.length ? 1 : 0;
		const probeCount = Math.floor(windows / documents.length) + extra;
		if (probeCount === 0 || passage <= UNSCORED) continue;
		const { ids } = await tokenizer.encode(text.slice(0, MOST_CHARACTERS));
		const starts = probeStarts(ids.length, length, probeCount);
		if (starts.length < probeCount)
			notes.push(
				`${name}: ${starts.length} of ${probeCount} recall probes: ${ids.length} tokens; ${probeCount === 1 ? 'one takes' : 'more than one take'} ${probeCount === 1 ? 6 * passage : SPREAD * length + probeCount - 1}`
			);
		for (const start of starts) {
			const again = ids.slice(start, start + passage);
			const between = ids.slice(start + length, start + length + 2 * passage);
			probes.push({ document, start, ids: [...bos, ...again, ...between, ...again] });
		}
	}
	return { probes, context: bos.length + length, passage, scored: passage - UNSCORED, notes };
}

/** Computes the starts of the probes in a text of `tokens` tokens; none twice. */
function probeStarts(tokens: number, length: number, count: number): number[] {
	if (tokens < 1.5 * length) return [];
	const spread = Math.max(0, tokens - SPREAD * length);
	const starts = Array.from({ length: count }, (_, k) =>
		Math.floor((k * spread) / Math.max(1, count - 1))
	);
	return [...new Set(starts)];
}
