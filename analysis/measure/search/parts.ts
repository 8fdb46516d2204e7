import { InputError } from '../../errors.ts';
import type { Document, Tokenizer, Window } from '../../model/tokens/types.ts';
import { cutWindows } from '../../model/tokens/windows.ts';
import { PARTS, type Part } from './types.ts';

export interface CutParts {
	/** All equally long; `document` is the index among the documents given. */
	windows: Record<Part, Window[]>;
	/** Where fewer windows were cut than asked for, and why. */
	notes: string[];
}

interface Wanted {
	/** Tokens in a window, BOS included. */
	context: number;
	/** Windows of each part. */
	windows: number;
}

/**
 * Cuts texts into three parts of `windows` windows each. One document: a third of its windows each, in order. Two:
 * the first for search and choose, the second for report. More: about half of them for search, a quarter each for
 * choose and report, in order. Throws InputError where a part would have no window, and as `cutWindows`.
 */
export async function cutParts(
	documents: readonly Document[],
	tokenizer: Tokenizer,
	wanted: Wanted
): Promise<CutParts> {
	const notes: string[] = [];
	const cut = async (indices: readonly number[], windows: number, parts: readonly Part[]) => {
		const chosen = indices.map((index) => documents[index]);
		const found = await cutWindows(chosen, tokenizer, { ...wanted, windows });
		const enough = found.context === wanted.context && found.windows.length >= parts.length;
		if (!enough) throw tooShort(chosen, wanted.context, parts, found.notes);
		notes.push(...found.notes);
		return found.windows.map((window) => ({ ...window, document: indices[window.document] }));
	};
	if (documents.length < PARTS.length) {
		const ofFirst = documents.length === 2 ? PARTS.slice(0, 2) : PARTS;
		const first = split(await cut([0], ofFirst.length * wanted.windows, ofFirst), ofFirst.length);
		const report = first.at(2) ?? (await cut([1], wanted.windows, ['report']));
		return { windows: { search: first[0], choose: first[1], report }, notes };
	}
	const dealt = dealDocuments(documents.length);
	const search = await cut(dealt.search, wanted.windows, ['search']);
	const choose = await cut(dealt.choose, wanted.windows, ['choose']);
	const report = await cut(dealt.report, wanted.windows, ['report']);
	return { windows: { search, choose, report }, notes };
}

/** Which documents each part has, of three or more; each has at least one. */
function dealDocuments(count: number): Record<Part, number[]> {
	const all = Array.from({ length: count }, (_, index) => index);
	const forSearch = Math.floor(count / 2);
	const forChoose = Math.floor((count - forSearch) / 2);
	return {
		search: all.slice(0, forSearch),
		choose: all.slice(forSearch, forSearch + forChoose),
		report: all.slice(forSearch + forChoose)
	};
}

/** In order, as evenly as can be; the first parts take what is left over. */
function split(windows: readonly Window[], parts: number): Window[][] {
	const ends = Array.from({ length: parts + 1 }, (_, part) =>
		Math.ceil((part * windows.length) / parts)
	);
	return ends.slice(1).map((end, part) => windows.slice(ends[part], end));
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
