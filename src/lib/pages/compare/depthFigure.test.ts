import { describe, expect, it } from 'vitest';
import { figureSvg } from '$analysis/figure/svg.ts';
import { DEPTH_ON_SCREEN, depthFigure, depthMarks, type DepthBar } from './depthFigure.ts';

const bars: DepthBar[] = [
	{
		name: 'a',
		layers: 4,
		colour: 'var(--series-1)',
		spans: [{ source: 1, followers: [2], from: 0.25, to: 0.75, score: 0.9 }]
	},
	{ name: 'b', layers: 8, colour: 'var(--series-2)', spans: [] }
];

describe('spans over relative depth', () => {
	it('stand where their layers do, in any width', () => {
		const { marks, spans, height } = depthMarks(bars, 400, DEPTH_ON_SCREEN);
		const [bar] = marks.filter((mark) => mark.kind === 'rect');
		const [span] = spans;
		expect(spans).toHaveLength(1);
		expect(span).toMatchObject({ name: 'a', words: '1–2', width: bar.width / 2 });
		expect(span.x).toBeCloseTo(bar.x + bar.width / 4, 10);
		for (const mark of marks) {
			if (mark.kind !== 'rect') continue;
			expect(mark.x + mark.width).toBeLessThanOrEqual(400);
			expect(mark.y + mark.height).toBeLessThan(height);
		}
	});
	it('go without their layers where they are too thin for them', () => {
		const words = (width: number) =>
			depthMarks(bars, width, DEPTH_ON_SCREEN).marks.flatMap((mark) =>
				mark.kind === 'text' && mark.text === '1–2' ? [mark.text] : []
			);
		expect([words(400), words(30)]).toEqual([['1–2'], []]);
	});
	it('are saved as a figure', () => {
		const svg = figureSvg(depthFigure({ title: 'Spans', caption: 'Proposed.', bars }));
		for (const text of ['1–2', 'relative depth', 'Spans', 'Proposed.']) expect(svg).toContain(text);
	});
});
