import { expect, test } from 'vitest';
import type { Similarity } from '$analysis/similarity/types.ts';
import { matrixNpy, rowsOf, similarityAnswer } from './matrices.ts';

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
	expect(rowsOf(Float64Array.of(1, 2, 3, 0.00000004, 5, 6), 3)).toEqual([
		[1, 2, 3],
		[0, 5, 6]
	]);
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

test('NPY: magic, version 1.0, a header that ends at a multiple of 64, then float64 in C order', () => {
	const file = Buffer.from(matrixNpy(similarity));
	expect(file.subarray(0, 8)).toEqual(Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]));
	const start = 10 + file.readUInt16LE(8);
	expect(start % 64).toBe(0);
	expect(file.subarray(10, start).toString()).toMatch(
		/^\{'descr': '<f8', 'fortran_order': False, 'shape': \(2, 2\), \} *\n$/
	);
	expect([0, 8, 16, 24].map((offset) => file.readDoubleLE(start + offset))).toEqual([
		...similarity.matrix
	]);
	expect(file.length).toBe(start + 32);
});
