import { describe, expect, it } from 'vitest';
import { bestHeads, parseLayers, spanProblem, withoutSpan, withSpan } from './edit.ts';

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
		expect(spanProblem({ first: 1, last: 3 }, [0, 3], [])).toBe(
			'Layers 1–3: layer 3 is protected, so it can be neither source nor follower. Change the protected layers to allow it.'
		);
		expect(spanProblem({ first: 1, last: 2 }, [0, 3], [])).toBeNull();
	});
	it('refuses to join layers of different reach', () => {
		expect(spanProblem({ first: 0, last: 1 }, [], [null, 128])).toContain('different length');
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
