import { InputError } from '../../errors.ts';
import type { Document, Tokenizer, Window } from '../../model/tokens/types.ts';
import { cutWindows } from '../../model/tokens/windows.ts';
import { PARTS, type Part } from './types.ts';

/** A stretch of a document (UTF-16 code units), from which a part reads and no other part does. */
export interface Region {
	document: number;
	from: number;
	to: number;
}

export interface CutParts {
	/** All equally long; `document` is the index among the documents given. */
	windows: Record<Part, Window[]>;
	/** Stretches of the documents that each part may read. */
	regions: Record<Part, Region[]>;
	/** Notes on fewer windows than asked for, and why, and on one document that speaks for all. */
	notes: string[];
}

interface Wanted {
	/** Tokens in a window, BOS included. */
	context: number;
	/** Windows of each part. */
	windows: number;
}

/** From so many documents on, some are kept for the report. */
const ENOUGH_TO_KEEP = 4;
/** Of them, so many are kept at least: an interval over documents takes two. */
const LEAST_KEPT = 2;
/** And about this fraction. */
const KEPT = 1 / 3;

/**
 * Cuts texts into three parts of `windows` windows each, every part spread over as many documents as there are: a
 * document's windows go to its parts in order. With four documents or more the last third, at least two, are kept for
 * report, and search and choose share the others. Throws InputError where a part would have no window, and as
 * `cutWindows`.
 */
export async function cutParts(
	documents: readonly Document[],
	tokenizer: Tokenizer,
	wanted: Wanted
): Promise<CutParts> {
	const notes: string[] = [];
	const windows: CutParts['windows'] = { search: [], choose: [], report: [] };
	const regions: CutParts['regions'] = { search: [], choose: [], report: [] };
	for (const { indices, parts } of dealDocuments(documents.length)) {
		const chosen = indices.map((index) => documents[index]);
		const count = parts.length * wanted.windows;
		const found = await cutWindows(chosen, tokenizer, { ...wanted, windows: count });
		if (found.context !== wanted.context || found.windows.length < parts.length)
			throw tooShort(chosen, wanted.context, parts, found.notes);
		notes.push(...found.notes);
		for (const [at, index] of indices.entries()) {
			const own = found.windows.filter(({ document }) => document === at);
			const counts = divideWindows(own.length, parts, windows);
			let next = 0;
			for (const [place, part] of parts.entries()) {
				if (counts[place] === 0) continue;
				const mine = own.slice(next, next + counts[place]);
				next += counts[place];
				const from = mine[0].start;
				const to = own.at(next)?.start ?? documents[index].text.length;
				windows[part].push(...mine.map((window) => ({ ...window, document: index })));
				regions[part].push({ document: index, from, to });
			}
		}
	}
	return { windows, regions, notes: [...notes, ...oneForAll(documents, windows)] };
}

/** Groups the documents that are cut together, each group with the parts that it is cut into. */
function dealDocuments(count: number): { indices: number[]; parts: readonly Part[] }[] {
	const all = Array.from({ length: count }, (_, index) => index);
	if (count < ENOUGH_TO_KEEP) return [{ indices: all, parts: PARTS }];
	const kept = Math.max(LEAST_KEPT, Math.floor(count * KEPT));
	return [
		{ indices: all.slice(0, count - kept), parts: ['search', 'choose'] },
		{ indices: all.slice(count - kept), parts: ['report'] }
	];
}

/** Windows of a document for each part: as evenly as can be, what is left over to the parts that have fewest. */
function divideWindows(
	count: number,
	parts: readonly Part[],
	sofar: Record<Part, readonly Window[]>
): number[] {
	const counts = parts.map(() => Math.floor(count / parts.length));
	for (let left = count % parts.length; left > 0; left--) {
		const totals = parts.map((part, at) => sofar[part].length + counts[at]);
		counts[totals.indexOf(Math.min(...totals))]++;
	}
	return counts;
}

/** Says that what holds of one document need not hold of another. */
function oneForAll(
	documents: readonly Document[],
	{ report }: Record<Part, readonly Window[]>
): string[] {
	const read = [...new Set(report.map(({ document }) => document))];
	if (read.length > 1) return [];
	return [
		`one document speaks for all: the report part is of ${documents[read[0]].name} alone; give several texts, and four or more to report on some that search has not seen`
	];
}

function tooShort(
	documents: readonly Document[],
	context: number,
	parts: readonly Part[],
	notes: readonly string[]
): InputError {
	const names = documents.map(({ name }) => name).join(', ');
	const windows = parts.length === 1 ? 'a window' : `${parts.length} windows`;
	return new InputError(
		`${names}: too short for ${windows} of ${context} tokens, one for each part of the text (${parts.join(', ')}); give more text, or a smaller context (${notes.join('; ')})`
	);
}
