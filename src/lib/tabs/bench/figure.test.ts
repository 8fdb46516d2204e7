import { describe, expect, it } from 'vitest';
import { madeUpBench } from '../../../../tests/builders/benchReport.ts';
import { figureSvg } from '$analysis/figure/svg.ts';
import { benchFigure } from './figure.ts';
import { benchRows } from '$analysis/measure/bench/rows.ts';

describe('the figure of a deployment', () => {
	const drawn = benchFigure({
		title: 'tiny',
		caption: 'Measured.',
		rows: benchRows(madeUpBench({ peakRss: 1 }))
	});

	const svg = figureSvg(drawn);

	it('is a column wide and names every figure, both models and the sides', () => {
		expect(svg).toContain('width="3.25in"');
		for (const words of ['time to first token', '80.4 ms → 68.0 ms   ×0.887', 'sooner', 'slower']) {
			expect(svg).toContain(words);
		}
	});
	it('puts the ratio 1 in the middle', () => {
		const middles = drawn.marks.flatMap((mark) => (mark.kind === 'path' && mark.x ? [mark.x] : []));
		expect(middles[2]).toBeCloseTo(234 / 2, 10);
	});
});
