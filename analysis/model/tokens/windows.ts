import type { ModelConfig } from '../checkpoint/types.ts';
import { InputError } from '../../errors.ts';
import { fitWindows } from './fit.ts';
import { firstTokens } from './prefix.ts';
import type { Document, Tokenizer, Window } from './types.ts';

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
	/** Texts that gave fewer or shorter windows than asked for, and the reason; a line each. */
	notes: string[];
}

/**
 * Cuts texts into `windows` windows of `context` tokens, BOS included. Window k of N of a text starts at
 * character ⌊k·length/N⌋, moved on to the next start of a word, and takes the tokens that follow; where they
 * would reach into window k + 1, N is lowered. Windows are shared out evenly over the texts that hold
 * at least one, the first texts taking what is left over. Where no text holds one, the longest text is one
 * shorter window. Throws InputError for a context below 2, less than one window, and a text of a single token.
 */
export async function cutWindows(
	documents: readonly Document[],
	tokenizer: Tokenizer,
	wanted: { context: number; windows: number }
): Promise<CutWindows> {
	checkCount('context', wanted.context, MIN_CONTEXT);
	checkCount('windows', wanted.windows, 1);
	if (documents.length === 0) throw new InputError('text: none given; expected at least one');
	const bos = tokenizer.bosId === null ? [] : [tokenizer.bosId];
	const length = wanted.context - bos.length;
	const notes: string[] = [];
	const windows: Window[] = [];

	const heads: number[][] = [];
	for (const { text } of documents) heads.push(await firstTokens(text, length, tokenizer));
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
		const windowCount =
			Math.floor(wanted.windows / able.length) + (rank < wanted.windows % able.length ? 1 : 0);
		if (windowCount === 0) {
			notes.push(`${name}: no window: more texts than windows (${wanted.windows})`);
			continue;
		}
		const { cuts, lacking } = await fitWindows(text, heads[document], windowCount, tokenizer);
		if (cuts.length < windowCount) {
			notes.push(
				`${name}: ${plural(cuts.length)} instead of ${windowCount}: ` +
					(lacking === 'words'
						? 'windows begin at words, and parts of this text have too few; is white space missing?'
						: `the text is too short for more of ${wanted.context} tokens that do not overlap`)
			);
		}
		for (const { start, ids } of cuts) windows.push({ document, start, ids: [...bos, ...ids] });
	}
	return { windows, context: wanted.context, notes };
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
	const [texts, of] =
		documents.length === 1 ? ['Text', ''] : ['Texts', ` of ${name}, the longest,`];
	const note = `${texts} too short: 1 window of ${ids.length} tokens${of} instead of ${wanted.windows} × ${wanted.context}`;
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
