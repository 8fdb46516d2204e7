import type { ModelConfig } from '../checkpoint/types.ts';
import { InputError } from '../errors.ts';
import { countTokens, firstTokens } from './prefix.ts';
import type { Document, Tokenizer, Window } from './types.ts';
import { nextWordStart } from './words.ts';

/** The shortest window in which a token is predicted from another. */
const MIN_CONTEXT = 2;

/** Throws InputError where a window of `context` tokens, BOS included, is none the model can take. */
export function checkContext(context: number, config: Pick<ModelConfig, 'maxPositions'>): void {
	checkCount('context', context, MIN_CONTEXT);
	if (context > config.maxPositions) {
		throw new InputError(
			`context: ${context} tokens; the model has positions for at most ${config.maxPositions}`
		);
	}
}

export interface CutWindows {
	/** By document, then by start; all equally long. */
	windows: Window[];
	/** Tokens in each window, BOS included. */
	context: number;
	/** Where fewer or shorter windows were cut than asked for, and why. */
	notes: string[];
}

/**
 * Cuts texts into `windows` windows of `context` tokens, BOS included. Window k of N of a text starts at
 * character ⌊k·length/N⌋, moved on to the next start of a word, and takes the tokens that follow; where they
 * would reach into window k + 1, N is lowered. Windows are shared out evenly over the texts that hold
 * at least one, the first texts taking what is left over. Where no text holds one, the longest text is one
 * shorter window. Throws InputError for a context below 2, less than one window, and a text of a single token.
 */
export function cutWindows(
	documents: readonly Document[],
	tokenizer: Tokenizer,
	wanted: { context: number; windows: number }
): CutWindows {
	checkCount('context', wanted.context, MIN_CONTEXT);
	checkCount('windows', wanted.windows, 1);
	if (documents.length === 0) throw new InputError('text: none given; expected at least one');
	const bos = tokenizer.bosId === null ? [] : [tokenizer.bosId];
	const length = wanted.context - bos.length;
	const notes: string[] = [];
	const windows: Window[] = [];

	const heads = documents.map(({ text }) => firstTokens(text, length, tokenizer));
	const able = heads.flatMap((head, document) => (head.length < length ? [] : [document]));
	if (able.length === 0) return oneShorterWindow(documents, heads, bos, wanted);

	for (const [document, { name }] of documents.entries()) {
		const found = heads[document].length;
		if (found < length) {
			notes.push(`${name}: no window: ${found} tokens; a window takes ${length}`);
		}
	}
	for (const [rank, document] of able.entries()) {
		const { name, text } = documents[document];
		const share =
			Math.floor(wanted.windows / able.length) + (rank < wanted.windows % able.length ? 1 : 0);
		if (share === 0) {
			notes.push(`${name}: no window: more texts than windows (${wanted.windows})`);
			continue;
		}
		const cut = mostWindows(text, share, length, tokenizer);
		if (cut.length < share) {
			notes.push(
				`${name}: ${plural(cut.length)} instead of ${share}: the text is too short for more of ` +
					`${wanted.context} tokens that do not overlap`
			);
		}
		for (const { start, ids } of cut) windows.push({ document, start, ids: [...bos, ...ids] });
	}
	return { windows, context: wanted.context, notes };
}

type Cut = { start: number; ids: number[] };

/** `wanted` windows of `length` tokens, or as many fewer as fit without overlapping; at least one does. */
function mostWindows(text: string, wanted: number, length: number, tokenizer: Tokenizer): Cut[] {
	let cut = tryWindows(text, wanted, length, tokenizer, 0);
	if (typeof cut !== 'number') return cut;
	const most = Math.floor(countTokens(text, tokenizer) / length);
	for (let count = Math.min(wanted - 1, most); count > 1; count--) {
		cut = tryWindows(text, count, length, tokenizer, cut);
		if (typeof cut !== 'number') return cut;
	}
	return [{ start: 0, ids: firstTokens(text, length, tokenizer) }];
}

/**
 * Window k takes its tokens from the text before window k + 1. Where one finds too few: its place in the text,
 * from 0 to 1. The window at `suspect` is tried first: what was too sparse for one count is for the next.
 */
function tryWindows(
	text: string,
	count: number,
	length: number,
	tokenizer: Tokenizer,
	suspect: number
): Cut[] | number {
	const starts = Array.from({ length: count }, (_, k) =>
		k === 0 ? 0 : nextWordStart(text, Math.floor((k * text.length) / count))
	);
	const cutAt = (k: number): number[] =>
		firstTokens(text.slice(starts[k], starts[k + 1]), length, tokenizer);
	if (cutAt(Math.floor(suspect * count)).length < length) return suspect;
	const cuts: Cut[] = [];
	for (const [k, start] of starts.entries()) {
		const ids = cutAt(k);
		if (ids.length < length) return (k + 0.5) / count;
		cuts.push({ start, ids });
	}
	return cuts;
}

function oneShorterWindow(
	documents: readonly Document[],
	heads: readonly number[][],
	bos: readonly number[],
	wanted: { context: number; windows: number }
): CutWindows {
	const lengths = heads.map((head) => head.length);
	const document = lengths.indexOf(Math.max(...lengths));
	const ids = [...bos, ...heads[document]];
	const name = documents[document].name;
	if (ids.length < MIN_CONTEXT) {
		throw new InputError(`${name}: ${ids.length} tokens; expected at least ${MIN_CONTEXT}`);
	}
	const note =
		`one window of ${ids.length} tokens instead of ${wanted.windows} of ${wanted.context}: ` +
		(documents.length === 1
			? `${name} is no longer`
			: `${name} is the longest text, the others are left out`);
	return { windows: [{ document, start: 0, ids }], context: ids.length, notes: [note] };
}

function plural(windows: number): string {
	return windows === 1 ? '1 window' : `${windows} windows`;
}

function checkCount(name: string, value: number, least: number): void {
	if (!(Number.isInteger(value) && value >= least)) {
		throw new InputError(`${name}: ${value}; expected a whole number of at least ${least}`);
	}
}
