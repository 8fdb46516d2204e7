import { scaleLog } from 'd3-scale';
import { describe, expect, it } from 'vitest';
import { madeUpBench } from '../../../../tests/builders/benchReport.ts';
import { figureSvg } from '$analysis/figure/svg.ts';
import { benchFigure, RATIO_ON_SCREEN, ratioMarks } from './figure.ts';
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
	it('has the marks of a ratio that the page has: words, an interval where there is one, a dot', () => {
		const place = scaleLog([0.5, 2], [50, 150]);
		const [row] = benchRows(madeUpBench({ peakRss: 1 }));
		const kinds = (low: number) =>
			ratioMarks({ ...row, ratio: { ...row.ratio, low } }, 9, place, RATIO_ON_SCREEN).map(
				({ kind }) => kind
			);
		expect(kinds(row.ratio.low)).toEqual(['text', 'text', 'path', 'path']);
		expect(kinds(row.ratio.high)).toEqual(['text', 'text', 'path']);
		const [less, more] = ratioMarks(row, 9, place, RATIO_ON_SCREEN);
		expect(less).toMatchObject({ text: 'sooner', x: 44, anchor: 'end', weight: 600 });
		expect(more).toMatchObject({ text: 'later', x: 156, anchor: 'start' });
	});
});
