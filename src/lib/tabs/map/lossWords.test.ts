import { expect, it } from 'vitest';
import { formatLoss, lossWithInterval } from './lossWords.ts';

it('writes a loss added with its sign, and a dash where it was not measured', () => {
	expect([0.0614, -0.002, 0, 0.0001, null].map(formatLoss)).toEqual([
		'+0.061',
		'−0.002',
		'0.000',
		'0.000',
		'—'
	]);
});

it('writes the interval where there is one', () => {
	expect(lossWithInterval({ loss: 0.06, low: -0.01, high: 0.13 })).toBe('+0.060 [−0.010, +0.130]');
	expect(lossWithInterval({ loss: 0.06, low: null, high: null })).toBe('+0.060');
});
