import { describe, expect, it } from 'vitest';
import { wordTokenizer } from '../../../tests/builders/wordTokenizer.ts';
import { InputError } from '../../errors.ts';
import type { Document } from '../../model/tokens/types.ts';
import { cutParts } from './parts.ts';
import { PARTS } from './types.ts';

const tokenizer = wordTokenizer(null);

/** Words of four characters, 1000 1001 …, so that word n starts at character 5·n. */
function words(count: number, name = 'text'): Document {
	return { name, text: Array.from({ length: count }, (_, n) => 1000 + n).join(' ') };
}

/** Documents of each part's windows, and where they start. */
async function cut(documents: readonly Document[], context: number, windows: number) {
	const parts = await cutParts(documents, tokenizer, { context, windows });
	const of = (what: 'document' | 'start') =>
		PARTS.map((part) => parts.windows[part].map((window) => window[what]));
	return { documents: of('document'), starts: of('start'), notes: parts.notes };
}

describe('cutParts', () => {
	it('takes the first third of one document for search, the next for choose, the last for report', async () => {
		// 30 words, six windows: one begins every five words, 25 characters.
		expect(await cut([words(30)], 4, 2)).toEqual({
			documents: [
				[0, 0],
				[0, 0],
				[0, 0]
			],
			starts: [
				[0, 25],
				[50, 75],
				[100, 125]
			],
			notes: [expect.stringContaining('one document speaks for all')]
		});
	});

	it('spreads every part over two documents or three', async () => {
		// Of each document three windows, one for each part: words 0, 7, 14 of 20.
		const { documents, starts } = await cut([words(20), words(20)], 4, 2);
		expect(documents).toEqual([
			[0, 1],
			[0, 1],
			[0, 1]
		]);
		expect(starts).toEqual([
			[0, 0],
			[35, 35],
			[70, 70]
		]);
		const three = await cut([words(20), words(20), words(20)], 4, 2);
		expect(three.documents).toEqual([
			[0, 1],
			[0, 2],
			[1, 2]
		]);
	});

	it.each([
		[4, [0, 1], [2, 3]],
		[7, [0, 1, 2, 3, 4], [5, 6]],
		[9, [0, 1, 2, 3, 4, 5], [6, 7, 8]]
	])(
		'of %i documents keeps some for report, which search has not seen',
		async (count, seen, kept) => {
			const documents = Array.from({ length: count }, (_, n) => words(40, `text ${n}`));
			const found = (await cut(documents, 4, count)).documents.map((part) => [...new Set(part)]);
			expect(found).toEqual([seen, seen, kept]);
		}
	);

	it('gives each part stretches of text that no other part reads, in which its windows lie', async () => {
		const documents = [words(100, 'a'), words(50, 'b')];
		const { windows, regions } = await cutParts(documents, tokenizer, { context: 5, windows: 4 });
		const all = PARTS.flatMap((part) => regions[part]);
		for (const one of all)
			for (const other of all)
				if (one !== other && one.document === other.document)
					expect(one.to <= other.from || other.to <= one.from).toBe(true);
		for (const part of PARTS)
			for (const { document, start } of windows[part]) {
				const region = regions[part].find((each) => each.document === document);
				expect(start).toBeGreaterThanOrEqual(region?.from ?? Infinity);
				expect(start).toBeLessThan(region?.to ?? 0);
			}
	});

	it('says where one document speaks for all', async () => {
		const said = /^one document speaks for all: the report part is of text alone/;
		expect((await cut([words(30)], 4, 2)).notes.at(-1)).toMatch(said);
		expect((await cut([words(30), words(30)], 4, 2)).notes).toEqual([]);
	});

	it('has no window in two parts', async () => {
		for (const documents of [[words(100)], [words(100), words(50)]]) {
			const { windows } = await cutParts(documents, tokenizer, { context: 5, windows: 4 });
			const places = PARTS.flatMap((part) =>
				windows[part].map(({ document, start }) => `${document} ${start}`)
			);
			expect(new Set(places).size).toBe(12);
		}
	});

	it('cuts fewer windows of a short text, shared out from search on, and says so', async () => {
		const { starts, notes } = await cut([words(20)], 4, 2);
		expect(starts.map((part) => part.length)).toEqual([2, 2, 1]);
		expect(notes[0]).toBe(
			'text: 5 windows instead of 6: the text is too short for more of 4 tokens that do not overlap'
		);
	});

	it('refuses texts of which a part would have no window', async () => {
		await expect(cut([words(9)], 4, 2)).rejects.toThrow(
			new InputError(
				'text: too short for 3 windows of 4 tokens, one for each part of the text (search, choose, report); give more text, or a smaller context (text: 2 windows instead of 6: the text is too short for more of 4 tokens that do not overlap)'
			)
		);
		const short = [words(20), words(20), words(3, 'a'), words(3, 'b')];
		await expect(cut(short, 4, 2)).rejects.toThrow(
			'a, b: too short for a window of 4 tokens, one for each part of the text (report)'
		);
	});
});
