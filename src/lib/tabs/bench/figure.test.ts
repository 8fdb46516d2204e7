import { describe, expect, it } from 'vitest';
import { madeUpBench } from '../../../../tests/builders/benchReport.ts';
import { benchFigure } from './figure.ts';
import { benchRows } from '$analysis/measure/bench/rows.ts';

describe('the figure of a deployment', () => {
	const svg = benchFigure({
		title: 'tiny',
		caption: 'Measured.',
		rows: benchRows(madeUpBench({ peakRss: 1 }))
	});

	it('is a column wide and names every figure, both models and the sides', () => {
		expect(svg).toContain('width="3.25in"');
		for (const words of ['time to first token', '80.4 ms → 68.0 ms   ×0.887', 'sooner', 'slower']) {
			expect(svg).toContain(words);
		}
	});
	it('puts the ratio 1 in the middle', () => {
		const [, , peak] = [...svg.matchAll(/<circle cx="([\d.]+)"/g)].map(([, x]) => Number(x));
		expect(peak).toBe(234 / 2);
	});
});
