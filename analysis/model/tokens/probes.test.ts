import { describe, expect, test } from 'vitest';
import { wordTokenizer } from '../../../tests/builders/wordTokenizer.ts';
import { cutProbes } from './probes.ts';
import type { Document } from './types.ts';

/** Words 1000, 1001, …, a token each. */
function words(count: number, name = 'text'): Document {
	return { name, text: Array.from({ length: count }, (_, n) => 1000 + n).join(' ') };
}

const range = (from: number, count: number): number[] =>
	Array.from({ length: count }, (_, n) => 1000 + from + n);

/** n = 32: a passage of 8 tokens, 16 between, 2 scored. */
const wanted = { tokens: 32, windows: 3, maxPositions: 1000 };

describe('cutProbes', () => {
	test('probe k of N is A B A, A from token ⌊k·(T − 4n)/(N − 1)⌋, B from n tokens on, after BOS', async () => {
		// T = 149: starts at 0, ⌊21/2⌋ = 10 and 21.
		const cut = await cutProbes([words(149)], wordTokenizer(7), wanted);
		expect(cut).toMatchObject({ context: 33, passage: 8, scored: 2, notes: [] });
		expect(cut.probes).toEqual(
			[0, 10, 21].map((start) => ({
				document: 0,
				start,
				ids: [7, ...range(start, 8), ...range(start + 32, 16), ...range(start, 8)]
			}))
		);
	});

	test('are shared out evenly over the documents, the first taking what is left over', async () => {
		const cut = await cutProbes([words(200, 'a'), words(130, 'b')], wordTokenizer(null), wanted);
		expect(cut.context).toBe(32);
		expect(cut.probes.map(({ document, start }) => [document, start])).toEqual([
			[0, 0],
			[0, 72],
			[1, 0]
		]);
	});

	test('a text shorter than 4n tokens gives one, one shorter than 1.5n none, and a note says so', async () => {
		const cut = await cutProbes([words(48, 'a'), words(47, 'b')], wordTokenizer(null), {
			...wanted,
			windows: 4
		});
		expect(cut.probes.map(({ document, start }) => [document, start])).toEqual([[0, 0]]);
		expect(cut.notes).toEqual([
			'a: 1 of 2 recall probes: 48 tokens; more than one take 129',
			'b: 0 of 2 recall probes: 47 tokens; more than one take 129'
		]);
	});

	test('n is no more than the model has positions for, BOS counted, and a multiple of 4', async () => {
		const cut = await cutProbes([words(400)], wordTokenizer(7), { maxPositions: 47, windows: 1 });
		expect(cut).toMatchObject({ context: 45, passage: 11, scored: 5 });
		expect(cut.probes[0].ids).toHaveLength(45);
	});

	test('a model with too few positions for a scored token has none', async () => {
		const cut = await cutProbes([words(400)], wordTokenizer(7), { maxPositions: 28, windows: 1 });
		expect(cut.probes).toEqual([]);
	});
});
