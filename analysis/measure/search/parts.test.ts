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
			notes: []
		});
	});

	it('takes search and choose from the first of two documents, report from the second', async () => {
		expect(await cut([words(20), words(20)], 4, 2)).toEqual({
			documents: [
				[0, 0],
				[0, 0],
				[1, 1]
			],
			starts: [
				[0, 25],
				[50, 75],
				[0, 50]
			],
			notes: []
		});
	});

	it.each([
		[3, [[0], [1], [2]]],
		[4, [[0, 1], [2], [3]]],
		[
			7,
			[
				[0, 1, 2],
				[3, 4],
				[5, 6]
			]
		]
	])('deals %i documents to the parts, no document to two', async (count, expected) => {
		const documents = Array.from({ length: count }, (_, n) => words(20, `text ${n}`));
		const { documents: found } = await cut(documents, 4, 6);
		expect(found.map((part) => [...new Set(part)])).toEqual(expected);
		expect(found.map((part) => part.length)).toEqual(
			expected.map((part) => (part.length < 2 ? 5 : 6))
		);
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
		expect(notes).toEqual([
			'text: 5 windows instead of 6: the text is too short for more of 4 tokens that do not overlap'
		]);
	});

	it('refuses texts of which a part would have no window', async () => {
		await expect(cut([words(9)], 4, 2)).rejects.toThrow(
			new InputError(
				'text: too short for 3 windows of 4 tokens, one for each part of the text (search, choose, report); give more text, or a smaller context (text: 2 windows instead of 6: the text is too short for more of 4 tokens that do not overlap)'
			)
		);
		await expect(cut([words(20), words(3, 'short')], 4, 2)).rejects.toThrow(
			'short: too short for a window of 4 tokens, one for each part of the text (report)'
		);
		await expect(cut([words(20), words(3, 'short'), words(20)], 4, 2)).rejects.toThrow(
			'short: too short for a window of 4 tokens, one for each part of the text (choose)'
		);
	});
});
