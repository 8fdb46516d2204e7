import { describe, expect, it } from 'vitest';
import { formatValue } from '../text/number.ts';
import { intervalText, isPlain, layerList, planCounts, planWords, signedText } from './words.ts';

const plan = [0, 1, 2, 3, 3, 5, 6, 7, 7, 7, 7, 11, null, 13, null, null];

describe('a plan in words', () => {
	it('names followers before their source and what is left out', () => {
		expect(planWords(plan)).toBe('4←3, 8–10←7; out: 12, 14–15');
		expect(planWords([0, 1, 1])).toBe('2←1');
		expect(planWords([0, null])).toBe('out: 1');
		expect(planWords([0, 1, 2])).toBe('as it is');
	});
	it('counts layers', () => {
		expect(planCounts(plan)).toBe('4 of 16 layers follow, 3 are left out');
		expect(planCounts([0, 1, 1])).toBe('1 of 3 layers follows');
		expect(planCounts([0, null, 2])).toBe('1 is left out of 3 layers');
		expect(planCounts([0, 1, 2])).toBe('0 of 3 layers follow');
	});
	it('is plain where every layer computes its own', () => {
		expect([isPlain([0, 1, 2]), isPlain([0, 0, 2]), isPlain([0, null, 2])]).toEqual([
			true,
			false,
			false
		]);
	});
	it('joins neighbouring layers', () => {
		expect(layerList([1, 2, 3, 5, 7, 8])).toBe('1–3, 5, 7–8');
		expect(layerList([])).toBe('');
	});
});

describe('figures in words', () => {
	it('have their interval in brackets, and none where there is none', () => {
		expect(intervalText({ low: -0.01, high: 0.2 }, (value) => formatValue(value, 2))).toBe(
			'[−0.01, 0.20]'
		);
		expect(intervalText({ low: null, high: null }, String)).toBe('');
	});
	it('have a sign unless they are nothing', () => {
		expect([0.25, -0.25, 0, 0.0001].map((value) => signedText(value, formatValue))).toEqual([
			'+0.250',
			'−0.250',
			'0.000',
			'0.000'
		]);
	});
});
