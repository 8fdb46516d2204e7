import { describe, expect, it } from 'vitest';
import { uniform } from '../../../tests/builders/checkpoint.ts';
import { refittedProjection } from './ridge.ts';

/** Sums of made-up tokens: Z [tokens, width], target Y [tokens, hidden], W_O [hidden, width]. */
function sumsOf(z: number[][], y: number[][], o: number[][]) {
	const width = o[0].length;
	const rest = z.map((heads, token) =>
		o.map((row, out) => y[token][out] - row.reduce((sum, w, at) => sum + w * heads[at], 0))
	);
	const products = (left: number[][], rows: number) =>
		Float64Array.from({ length: rows * width }, (_, at) =>
			z.reduce(
				(sum, heads, token) => sum + left[token][Math.floor(at / width)] * heads[at % width],
				0
			)
		);
	return { gram: products(z, width), missing: products(rest, o.length) };
}

/** Solves A·x = b by Gauss's elimination with pivots: a way of its own. */
function direct(a: number[][], b: number[]): number[] {
	const rows = a.map((row, at) => [...row, b[at]]);
	for (let column = 0; column < rows.length; column++) {
		const pivot = rows.reduce(
			(best, row, at) =>
				at >= column && Math.abs(row[column]) > Math.abs(rows[best][column]) ? at : best,
			column
		);
		[rows[column], rows[pivot]] = [rows[pivot], rows[column]];
		for (const [at, row] of rows.entries()) {
			if (at === column) continue;
			const factor = row[column] / rows[column][column];
			rows[column].forEach((value, k) => (row[k] -= factor * value));
		}
	}
	return rows.map((row, at) => row[rows.length] / row[at]);
}

describe('refittedProjection', () => {
	it('is worked out by hand for one head of two dimensions', () => {
		// Two tokens, Z = I, so that ZᵀZ = I and λ = strength: each entry goes 1 / (1 + λ) of its way to Y.
		const o = [[1, 2]];
		const sums = sumsOf(
			[
				[1, 0],
				[0, 1]
			],
			[[4], [0]],
			o
		);
		const refitted = refittedProjection(Float32Array.from(o.flat()), sums, 0.5);
		expect(refitted[0]).toBeCloseTo(1 + 3 / 1.5, 6);
		expect(refitted[1]).toBeCloseTo(2 - 2 / 1.5, 6);
	});

	it('solves the penalized normal equations, as a direct solve does', () => {
		const random = uniform(3);
		const draw = (rows: number, columns: number) =>
			Array.from({ length: rows }, () => Array.from({ length: columns }, random));
		const [z, y, o] = [draw(20, 6), draw(20, 4), draw(4, 6).map((row) => row.map(Math.fround))];
		const sums = sumsOf(z, y, o);
		const strength = 0.2;
		const gram = Array.from({ length: 6 }, (_, at) => [...sums.gram.subarray(6 * at, 6 * at + 6)]);
		const penalty = (strength * gram.reduce((sum, row, at) => sum + row[at], 0)) / 6;
		const system = gram.map((row, i) => row.map((value, j) => value + (i === j ? penalty : 0)));
		const refitted = refittedProjection(Float32Array.from(o.flat()), sums, strength);
		for (const [out, row] of o.entries()) {
			// (ZᵀZ + λI)·w' = Zᵀy + λ·w
			const right = row.map(
				(w, at) => z.reduce((sum, heads, token) => sum + heads[at] * y[token][out], 0) + penalty * w
			);
			direct(system, right).forEach((value, at) =>
				expect(refitted[out * 6 + at]).toBeCloseTo(value, 5)
			);
		}
	});

	it('changes nothing where nothing is missing or heads put out nothing, and little where it is strong', () => {
		const o = Float32Array.from([1, 2]);
		const gram = Float64Array.from([2, 1, 1, 2]);
		const still = { gram, missing: new Float64Array(2) };
		expect(refittedProjection(o, still, 0.01)).toEqual(o);
		const silent = { gram: new Float64Array(4), missing: new Float64Array(2) };
		expect(refittedProjection(o, silent, 0.01)).toEqual(o);
		const sums = { gram, missing: Float64Array.from([3, -3]) };
		expect(refittedProjection(o, sums, 0.01)[0]).toBeGreaterThan(3);
		expect(refittedProjection(o, sums, 1e6)[0]).toBeCloseTo(1, 5);
	});

	it.each([0, -1, NaN])('refuses a strength of %d', (strength) => {
		const sums = { gram: new Float64Array(1), missing: new Float64Array(1) };
		expect(() => refittedProjection(new Float32Array(1), sums, strength)).toThrow(
			`strength: found ${strength}; allowed: above 0`
		);
	});
});
