import { describe, expect, it } from 'vitest';
import {
	bestHeads,
	parseLayers,
	replacedWords,
	spanProblem,
	withoutSpan,
	withSpan
} from './edit.ts';

const spans = [
	{ first: 2, last: 3 },
	{ first: 6, last: 8 }
];

describe('editing spans', () => {
	it('keeps them in order when one is added', () => {
		expect(withSpan(spans, { first: 4, last: 5 }, null).map(({ first }) => first)).toEqual([
			2, 4, 6
		]);
	});
	it('lets a new span push out those it runs into', () => {
		expect(withSpan(spans, { first: 3, last: 6 }, null)).toEqual([{ first: 3, last: 6 }]);
	});
	it('changes a span without leaving the old one behind', () => {
		expect(withSpan(spans, { first: 2, last: 5 }, 2)).toEqual([{ first: 2, last: 5 }, spans[1]]);
		expect(withSpan(spans, { first: 4, last: 8 }, 6)).toEqual([spans[0], { first: 4, last: 8 }]);
	});
	it('removes one by its source', () => {
		expect(withoutSpan(spans, 6)).toEqual([spans[0]]);
	});
});

describe('spanProblem', () => {
	it('names the protected layer in the way', () => {
		const rules = { protectedLayers: [0, 3], slidingWindows: [], maxSpan: 4 };
		expect(spanProblem({ first: 1, last: 3 }, rules)).toBe(
			'Layers 1–3: layer 3 is protected, so it can be neither source nor follower. Change the protected layers to allow it.'
		);
		expect(spanProblem({ first: 1, last: 2 }, rules)).toBeNull();
	});
	it('refuses to join layers with different sliding windows', () => {
		const rules = { protectedLayers: [], slidingWindows: [null, 128], maxSpan: 4 };
		expect(spanProblem({ first: 0, last: 1 }, rules)).toContain('different sliding windows');
	});
});

describe('the longest span', () => {
	const rules = { protectedLayers: [], slidingWindows: [], maxSpan: 4 };

	it('holds for a span that is drawn, too', () => {
		expect(spanProblem({ first: 1, last: 4 }, rules)).toBeNull();
		expect(spanProblem({ first: 1, last: 13 }, rules)).toBe(
			'Layers 1–13: 13 layers, and the longest span is 4. Raise “Longest span” to allow it.'
		);
	});
	it('lets a longer span that came with a plan stay or shrink, not grow', () => {
		expect(spanProblem({ first: 1, last: 6 }, rules, 7)).toBeNull();
		expect(spanProblem({ first: 1, last: 8 }, rules, 7)).toContain('8 layers');
	});
});

describe('what a drawn span takes out of the plan', () => {
	const three = [
		{ first: 2, last: 3 },
		{ first: 4, last: 7 },
		{ first: 8, last: 11 }
	];

	it('is told: spans that it replaces, and dropped layers whose attention it restores', () => {
		expect(replacedWords(three, [], { first: 6, last: 9 }, null)).toBe(
			'Span 6–9 replaced spans 4–7 and 8–11.'
		);
		expect(replacedWords(three, [5, 12], { first: 4, last: 5 }, null)).toBe(
			'Span 4–5 replaced span 4–7 and restored the attention of layer 5.'
		);
	});
	it('is nothing where it meets none, or is the changed span itself', () => {
		expect(replacedWords(three, [0], { first: 12, last: 13 }, null)).toBeNull();
		expect(replacedWords(three, [], { first: 4, last: 6 }, 4)).toBeNull();
	});
});

describe('parseLayers', () => {
	it('reads numbers between commas or blanks, sorted, once each', () => {
		expect(parseLayers('15, 0 0', 16)).toEqual([0, 15]);
		expect(parseLayers('', 16)).toEqual([]);
	});
	it('refuses what is no layer of the model', () => {
		for (const text of ['16', '-1', 'x', '1.5']) expect(parseLayers(text, 16)).toBeNull();
	});
});

describe('bestHeads', () => {
	it('takes the highest of each column, the lowest head of equals', () => {
		expect(
			bestHeads([
				[0.1, 0.9, 0.5],
				[0.8, 0.2, 0.5]
			])
		).toEqual([1, 0, 0]);
	});
});
