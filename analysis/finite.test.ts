import { expect, it } from 'vitest';
import { checkFinite } from './finite.ts';

const check = (values: ArrayLike<number>) => () => checkFinite(values, 'tiny', 'the loss');

it.each([NaN, Infinity, -Infinity])('finds %s wherever it stands', (value) => {
	for (const length of [1, 4, 7])
		for (let at = 0; at < length; at++) {
			const values = new Float32Array(length).with(at, value);
			expect(check(values)).toThrow(`tiny: the loss is ${value}; expected a number`);
		}
});

it('takes everything else, the largest numbers too', () => {
	expect(check([])).not.toThrow();
	expect(check(Float32Array.of(-0, 3.4e38, 3.4e38, -3.4e38, 1e-45))).not.toThrow();
	expect(check(new Float64Array(9).fill(Number.MAX_VALUE))).not.toThrow();
});
