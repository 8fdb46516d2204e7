import { describe, expect, test } from 'vitest';
import { tinyConfig } from '../../../tests/builders/checkpoint.ts';
import { wordTokenizer } from '../../../tests/builders/wordTokenizer.ts';
import { parseConfig } from '../checkpoint/config.ts';
import { InputError } from '../../errors.ts';
import { firstTokens, tokenStarts } from './prefix.ts';
import type { Document } from './types.ts';
import { checkContext, cutWindows } from './windows.ts';
import { nextWordStart, wordStarts } from './words.ts';

/** Words of four characters, 1000 1001 …, so that word n starts at character 5·n. */
function words(count: number, name = 'text'): Document {
	return { name, text: Array.from({ length: count }, (_, n) => 1000 + n).join(' ') };
}

const range = (from: number, count: number): number[] =>
	Array.from({ length: count }, (_, n) => from + n);

describe('cutWindows', () => {
	test('window k of N starts at the first word at or after ⌊k·length/N⌋, BOS first', async () => {
		// 20 words: 99 characters; ⌊99/3⌋ = 33 → word 7 at 35, ⌊198/3⌋ = 66 → word 14 at 70.
		const cut = await cutWindows([words(20)], wordTokenizer(7), { context: 4, windows: 3 });
		expect(cut).toEqual({
			windows: [
				{ document: 0, start: 0, ids: [7, 1000, 1001, 1002] },
				{ document: 0, start: 35, ids: [7, 1007, 1008, 1009] },
				{ document: 0, start: 70, ids: [7, 1014, 1015, 1016] }
			],
			context: 4,
			notes: []
		});
	});

	test('without BOS a window takes one token more', async () => {
		const { windows } = await cutWindows([words(20)], wordTokenizer(null), {
			context: 4,
			windows: 2
		});
		expect(windows.map(({ ids }) => ids)).toEqual([range(1000, 4), range(1010, 4)]);
	});

	test('windows that would overlap: as many as fit, with a note', async () => {
		const cut = await cutWindows([words(20)], wordTokenizer(7), { context: 7, windows: 8 });
		expect(cut.windows.map(({ start }) => start)).toEqual([0, 35, 70]);
		expect(cut.windows.map(({ ids }) => ids.length)).toEqual([7, 7, 7]);
		expect(cut.notes).toEqual([
			'text: 3 windows instead of 8: the text is too short for more of 7 tokens that do not overlap'
		]);
	});

	test('a text that just holds the windows keeps them all', async () => {
		const cut = await cutWindows([words(20)], wordTokenizer(null), { context: 10, windows: 2 });
		expect(cut.windows.map(({ ids }) => ids)).toEqual([range(1000, 10), range(1010, 10)]);
		expect(cut.notes).toEqual([]);
	});

	test('a text of one window and a bit is one window', async () => {
		const cut = await cutWindows([words(15)], wordTokenizer(null), { context: 10, windows: 2 });
		expect(cut.windows.map(({ ids }) => ids)).toEqual([range(1000, 10)]);
		expect(cut.notes[0]).toMatch(/^text: 1 window instead of 2: /);
	});

	test('a text shorter than one window is one shorter window', async () => {
		const cut = await cutWindows([words(5)], wordTokenizer(7), { context: 64, windows: 8 });
		expect(cut.windows).toEqual([{ document: 0, start: 0, ids: [7, ...range(1000, 5)] }]);
		expect(cut.context).toBe(6);
		expect(cut.notes).toEqual(['Text too short: 1 window of 6 tokens instead of 8 × 64']);
	});

	test('several texts share the windows evenly, the first taking the rest', async () => {
		const texts = [words(50, 'a'), words(50, 'b'), words(50, 'c')];
		const { windows } = await cutWindows(texts, wordTokenizer(7), { context: 4, windows: 8 });
		expect(windows.map(({ document }) => document)).toEqual([0, 0, 0, 1, 1, 1, 2, 2]);
	});

	test('a text too short for a window leaves its share to the others, with a note', async () => {
		const texts = [words(3, 'short'), words(50, 'long')];
		const cut = await cutWindows(texts, wordTokenizer(7), { context: 8, windows: 4 });
		expect(cut.windows.map(({ document }) => document)).toEqual([1, 1, 1, 1]);
		expect(cut.notes).toEqual(['short: no window: 3 tokens; a window takes 7']);
	});

	test('more texts than windows: the last have none, with a note', async () => {
		const texts = [words(50, 'a'), words(50, 'b')];
		const cut = await cutWindows(texts, wordTokenizer(7), { context: 4, windows: 1 });
		expect(cut.windows.map(({ document }) => document)).toEqual([0]);
		expect(cut.notes).toEqual(['b: no window: more texts than windows (1)']);
	});

	test('where no text holds a window the longest is one shorter window', async () => {
		const texts = [words(3, 'a'), words(6, 'b')];
		const cut = await cutWindows(texts, wordTokenizer(7), { context: 64, windows: 2 });
		expect(cut.windows).toEqual([{ document: 1, start: 0, ids: [7, ...range(1000, 6)] }]);
		expect(cut.notes).toEqual([
			'Texts too short: 1 window of 7 tokens of b, the longest, instead of 2 × 64'
		]);
	});

	test('windows never overlap and are equally long, whatever is asked for', async () => {
		for (let windows = 1; windows < 30; windows++) {
			for (const context of [2, 3, 7, 20]) {
				const cut = await cutWindows([words(61)], wordTokenizer(null), { context, windows });
				const ids = cut.windows.flatMap((window) => window.ids);
				expect(new Set(ids).size).toBe(ids.length);
				expect(cut.windows.every((window) => window.ids.length === context)).toBe(true);
				expect(cut.notes.length > 0).toBe(cut.windows.length < windows);
			}
		}
	});

	test('of a long text only as much as needed is tokenized', async () => {
		const tokenizer = wordTokenizer(7);
		await cutWindows([words(200_000)], tokenizer, { context: 512, windows: 8 });
		expect(tokenizer.seen).toBeLessThan(60_000);
	});

	test('refuses a context below 2, less than one window, and a single token', async () => {
		const cut = (context: number, windows: number, count = 9) =>
			cutWindows([words(count)], wordTokenizer(null), { context, windows });
		await expect(cut(1, 1)).rejects.toThrow('context: 1; expected a whole number of at least 2');
		await expect(cut(2.5, 1)).rejects.toThrow(
			'context: 2.5; expected a whole number of at least 2'
		);
		await expect(cut(4, 0)).rejects.toThrow('windows: 0; expected a whole number of at least 1');
		await expect(cut(4, 1, 1)).rejects.toThrow('text: 1 tokens; expected at least 2');
		await expect(cut(4, 1, 1)).rejects.toThrow(InputError);
		expect((await cut(2, 1, 2)).windows).toHaveLength(1);
	});

	test('a text with words only at its start: fewer windows, and why', async () => {
		const text = `${words(20).text} ${'9'.repeat(1000)}`;
		const cut = await cutWindows([{ name: 'text', text }], wordTokenizer(null), {
			context: 2,
			windows: 8
		});
		expect(cut.windows.map(({ start }) => start)).toEqual([0]);
		expect(cut.notes).toEqual([
			'text: 1 window instead of 8: windows begin at words, and parts of this text have too few; is white space missing?'
		]);
	});

	test('takes as many windows as can be had, and tokenizes a sparse text a few times only', async () => {
		// The last third has one token a 100 characters; so a window of 20 takes 2,000 there, and 12,000 hold 6.
		const dense = words(800).text;
		const sparse = Array.from({ length: 80 }, (_, n) => `${2000 + n}${' '.repeat(96)}`).join('');
		const text = `${dense} ${sparse}`;
		const tokenizer = wordTokenizer(null);
		const { windows } = await cutWindows([{ name: 'text', text }], tokenizer, {
			context: 20,
			windows: 400
		});
		let most = 0;
		for (let count = 1; count <= 400; count++) {
			const starts = Array.from({ length: count }, (_, k) =>
				k === 0 ? 0 : nextWordStart(text, Math.floor((k * text.length) / count))
			);
			const enough = starts.every(
				(start, k) => (text.slice(start, starts[k + 1]).match(/\d+/g) ?? []).length >= 20
			);
			if (enough) most = count;
		}
		expect(most).toBeGreaterThan(1);
		expect(windows).toHaveLength(most);
		expect(tokenizer.seen).toBeLessThan(20 * text.length);
	});
});

describe('wordStarts', () => {
	test('are those that nextWordStart finds one after another', () => {
		const text = ' one  two\nthree 今天 x';
		const found: number[] = [];
		for (let at = nextWordStart(text, 0); at < text.length; at = nextWordStart(text, at + 1)) {
			found.push(at);
		}
		expect(wordStarts(text)).toEqual(found);
		expect(found).toEqual([1, 6, 10, 16, 17, 19]);
	});
});

describe('nextWordStart', () => {
	test('a character after white space, also that at the position itself', () => {
		const text = 'one  two\nthree';
		expect([1, 3, 4, 5, 6, 9].map((from) => nextWordStart(text, from))).toEqual([5, 5, 5, 5, 9, 9]);
	});

	test('the end where no word follows', () => {
		expect(nextWordStart('one two  ', 5)).toBe(9);
	});

	test('in scripts without spaces every letter', () => {
		expect(nextWordStart('今天天气很好', 3)).toBe(3);
		expect(nextWordStart('よい。天気', 2)).toBe(3);
	});
});

test('firstTokens gives the first tokens of the whole text', async () => {
	const { text } = words(3000);
	const tokenizer = wordTokenizer(null);
	const { ids } = await tokenizer.encode(text);
	for (const count of [1, 10, 500, 3000, 4000]) {
		expect(await firstTokens(text, count, tokenizer)).toEqual(ids.slice(0, count));
	}
});

test('tokenStarts gives the starts of all tokens, however long the text', async () => {
	const text = Array.from({ length: 30_000 }, (_, n) => 10_000 + n).join(' ');
	const starts = await tokenStarts(text, wordTokenizer(null));
	// Read in pieces: a word cut in two counts twice.
	expect(starts.filter((start) => start % 6 === 0)).toEqual(
		Array.from({ length: 30_000 }, (_, n) => 6 * n)
	);
	expect(starts.length).toBeLessThan(30_005);
});

test('checkContext refuses more tokens than the model has positions', () => {
	const config = parseConfig(tinyConfig(), 'config.json');
	expect(() => checkContext(256, config)).not.toThrow();
	expect(() => checkContext(257, config)).toThrow(
		'context: 257 tokens; the model has positions for at most 256'
	);
	expect(() => checkContext(1, config)).toThrow(
		'context: 1; expected a whole number of at least 2'
	);
});
