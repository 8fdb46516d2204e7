import { describe, expect, it } from 'vitest';
import { uniform } from '../../../tests/builders/checkpoint.ts';
import { solvePositiveDefinite } from './solve.ts';

describe('solvePositiveDefinite', () => {
	it('solves a system worked out by hand, for each row by itself', () => {
		// L = [[2, 0, 0], [1, 3, 0], [−1, 2, 1]], A = L·Lᵀ.
		const a = Float64Array.from([4, 2, -2, 2, 10, 5, -2, 5, 6]);
		// A·[1, −1, 2] = [−2, 2, 5]; A·[0, 0, 1] is the last column.
		const rows = Float64Array.from([-2, 2, 5, -2, 5, 6]);
		solvePositiveDefinite(a, 3, rows);
		[1, -1, 2, 0, 0, 1].forEach((value, at) => expect(rows[at]).toBeCloseTo(value, 12));
		[2, 1, 3, -1, 2, 1].forEach((value, at) =>
			expect([a[0], a[3], a[4], a[6], a[7], a[8]][at]).toBeCloseTo(value, 12)
		);
	});

	// Within one tile, at its edge, and over several; sizes that are no multiple of four; sums in several goes.
	it.each([1, 5, 64, 67, 130, 333])(
		'leaves no residual on random systems of %d unknowns',
		(size) => {
			const random = uniform(size);
			const root = Float64Array.from({ length: size * size }, random);
			const a = new Float64Array(size * size);
			for (let i = 0; i < size; i++) {
				for (let j = 0; j < size; j++) {
					let sum = i === j ? 1 : 0;
					for (let k = 0; k < size; k++) sum += root[i * size + k] * root[j * size + k];
					a[i * size + j] = sum;
				}
			}
			const count = 7;
			const rows = Float64Array.from({ length: count * size }, random);
			const solved = rows.slice();
			solvePositiveDefinite(a.slice(), size, solved);
			for (let row = 0; row < count; row++) {
				for (let i = 0; i < size; i++) {
					let sum = 0;
					for (let j = 0; j < size; j++) sum += a[i * size + j] * solved[row * size + j];
					expect(Math.abs(sum - rows[row * size + i])).toBeLessThan(1e-9);
				}
			}
		}
	);

	it('refuses what is not positive definite', () => {
		expect(() => {
			solvePositiveDefinite(Float64Array.from([1, 2, 2, 4]), 2, new Float64Array(2));
		}).toThrow('not positive definite: pivot 1 is 0');
	});
});
