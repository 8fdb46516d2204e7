import { firstTokens, tokenStarts } from './prefix.ts';
import type { Tokenizer } from './types.ts';
import { nextWordStart, wordStarts } from './words.ts';

/** A window without BOS: where it starts in its text (UTF-16 code units), and its tokens. */
export interface Cut {
	start: number;
	ids: number[];
}

export interface Fit {
	cuts: Cut[];
	/** Reason that there are fewer than wanted: too few tokens, or too few words for windows to begin at. */
	lacking: 'tokens' | 'words' | null;
}

/** A window tokenized by itself can have a few tokens more than that stretch of the whole text. */
const SLACK_TOKENS = 8;

/**
 * `wanted` windows as long as `head`, the first tokens of the text, or as many fewer as fit without overlapping. The
 * text is tokenized once to find numbers of windows that may fit, and only those are tried.
 */
export async function fitWindows(
	text: string,
	head: readonly number[],
	wanted: number,
	tokenizer: Tokenizer
): Promise<Fit> {
	const { length } = head;
	if (wanted === 1) return { cuts: [{ start: 0, ids: [...head] }], lacking: null };
	const all = await tryWindows(text, ascending(text, wanted), length, tokenizer, 0);
	if (typeof all !== 'number') return { cuts: all, lacking: null };
	const words = wordStarts(text);
	const tokens = await tokenStarts(text, tokenizer);
	const lacking = tokens.length < wanted * length ? 'tokens' : 'words';
	const startOf = (k: number, count: number): number => {
		if (k === 0) return 0;
		return words[firstFrom(words, Math.floor((k * text.length) / count))] ?? text.length;
	};
	const mayHold = (k: number, count: number): boolean => {
		const end = k + 1 < count ? startOf(k + 1, count) : text.length;
		const found = firstFrom(tokens, end) - firstFrom(tokens, startOf(k, count));
		return found >= length - SLACK_TOKENS;
	};
	/** Place in the text, from 0 to 1, where tokens were too few: what was too sparse for one number is for the next. */
	let suspect = all;
	const most = Math.floor(tokens.length / length) + 1;
	for (let count = Math.min(wanted - 1, most); count > 1; count--) {
		if (!mayHold(Math.floor(suspect * count), count)) continue;
		const indices = Array.from({ length: count }, (_, k) => k);
		const sparse = indices.find((k) => !mayHold(k, count));
		if (sparse !== undefined) {
			suspect = (sparse + 0.5) / count;
			continue;
		}
		const starts = indices.map((k) => startOf(k, count));
		const cuts = await tryWindows(text, starts, length, tokenizer, suspect);
		if (typeof cuts !== 'number') return { cuts, lacking };
		suspect = cuts;
	}
	return { cuts: [{ start: 0, ids: [...head] }], lacking };
}

/** Start k of N: the first word from character ⌊k·length/N⌋ on. */
function ascending(text: string, count: number): number[] {
	let last = 0;
	return Array.from({ length: count }, (_, k) => {
		const from = Math.floor((k * text.length) / count);
		if (k > 0 && from > last) last = nextWordStart(text, from);
		return last;
	});
}

/**
 * Window k takes its tokens from the text before window k + 1. Where one finds too few: its place in the text,
 * from 0 to 1. The window at `suspect` is tried first.
 */
async function tryWindows(
	text: string,
	starts: readonly number[],
	length: number,
	tokenizer: Tokenizer,
	suspect: number
): Promise<Cut[] | number> {
	const empty = starts.findIndex((start, k) => start >= (starts[k + 1] ?? text.length));
	if (empty >= 0) return (empty + 0.5) / starts.length;
	const cutAt = (k: number): Promise<number[]> =>
		firstTokens(text.slice(starts[k], starts[k + 1]), length, tokenizer);
	if (suspect > 0 && (await cutAt(Math.floor(suspect * starts.length))).length < length) {
		return suspect;
	}
	const cuts: Cut[] = [];
	for (const [k, start] of starts.entries()) {
		const ids = await cutAt(k);
		if (ids.length < length) return (k + 0.5) / starts.length;
		cuts.push({ start, ids });
	}
	return cuts;
}

/** Index of the first of ascending numbers that is at least `least`; their number where none is. */
function firstFrom(numbers: readonly number[], least: number): number {
	let [low, high] = [0, numbers.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if (numbers[middle] < least) low = middle + 1;
		else high = middle;
	}
	return low;
}
