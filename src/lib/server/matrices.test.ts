import { expect, test } from 'vitest';
import type { Similarity } from '$analysis/similarity/types.ts';
import { similarityAnswer } from './matrices.ts';

const similarity: Similarity = {
	metric: 'cosine',
	view: 'all',
	layers: 2,
	matrix: Float64Array.of(1, 0.123456789, 0.5, 1),
	null: null,
	low: null,
	high: null,
	interval: null
};

test('a matrix becomes rows, rounded to 7 digits', () => {
	expect(similarityAnswer(similarity)).toEqual({
		metric: 'cosine',
		view: 'all',
		matrix: [
			[1, 0.1234568],
			[0.5, 1]
		],
		null: null,
		low: null,
		high: null,
		interval: null
	});
});
