import { describe, expect, it } from 'vitest';
import { colourScale } from './colour.ts';
import { mapFigure, type MapFigure } from './map.ts';
import { lineFigure } from './lines.ts';
import { figureSvg } from './svg.ts';
import { pointFigure } from './points.ts';
import { escapeXml, wrap } from './wrap.ts';

const encode = ({ rows, columns }: { rows: number; columns: number }) =>
	`data:image/png;base64,${rows}x${columns}`;
const svgOf = (figure: Parameters<typeof figureSvg>[0]) => figureSvg(figure, encode);
const heatmapSvg = (of: MapFigure) => svgOf(mapFigure(of));

const map = {
	title: 'Similarity & more',
	caption: 'A caption',
	rows: 2,
	columns: 2,
	values: [1, 0, 0, 1],
	scale: colourScale('viridis', [0, 1]),
	legend: 'cosine',
	rowTitle: 'source layer',
	columnTitle: 'follower layer'
};

describe('mapFigure', () => {
	it('is 3.25 inches wide and well-formed', () => {
		const svg = heatmapSvg(map);
		expect(svg).toMatch(/^<svg [^>]*width="3.25in" height="[\d.]+in" viewBox="0 0 234 \d+"/);
		expect(svg).toContain('Similarity &amp; more');
		const opened = svg.match(/<(?!\/)[a-zA-Z]+[^>]*(?<!\/)>/g) ?? [];
		const closed = svg.match(/<\/[a-zA-Z]+>/g) ?? [];
		expect(opened).toHaveLength(closed.length);
	});
	it('draws each cell in its colour, neighbours of one colour as one', () => {
		const cellsOf = (values: number[]) =>
			heatmapSvg({ ...map, values }).match(
				/fill="rgb\(\d+,\d+,\d+\)"(?= shape-rendering="crispEdges")/g
			);
		expect(cellsOf([1, 0, 0, 1])).toEqual([
			'fill="rgb(253,231,37)"',
			'fill="rgb(68,1,84)"',
			'fill="rgb(68,1,84)"',
			'fill="rgb(253,231,37)"'
		]);
		expect(cellsOf([1, 1, 0, 0])).toHaveLength(2);
	});
	it('leaves out what is missing', () => {
		const svg = heatmapSvg({ ...map, missing: Uint8Array.of(0, 1, 0, 0) });
		expect(svg.match(/fill="rgb\(\d+,\d+,\d+\)"(?= shape-rendering="crispEdges")/g)).toHaveLength(
			3
		);
	});
	it('embeds one raster where there are too many cells', () => {
		const large = { ...map, rows: 200, columns: 200, values: new Float64Array(40000) };
		expect(heatmapSvg(large)).toContain('href="data:image/png;base64,200x200"');
		const raster = mapFigure(large).marks.find(({ kind }) => kind === 'raster');
		// Viridis at 0, opaque.
		expect(raster).toMatchObject({ rows: 200, columns: 200 });
		expect(raster?.kind === 'raster' && [...raster.pixels.slice(0, 4)]).toEqual([68, 1, 84, 255]);
	});
	it('draws a square from a span’s source to its last follower', () => {
		const svg = heatmapSvg({ ...map, spans: [{ first: 0, last: 1 }] });
		expect(svg).toContain('<rect x="26" y="2" width="40" height="40" fill="none" stroke="#c43a08"');
	});
	it('crosses out the diagonal cell of a layer that is left out', () => {
		// The second cell is 20 points wide and begins at (46, 22).
		expect(heatmapSvg({ ...map, dropped: [1] })).toContain(
			'<path d="M48.4,24.4L63.6,39.6M63.6,24.4L48.4,39.6" fill="none" stroke="#c43a08"'
		);
		expect(heatmapSvg({ ...map, dropped: [] })).not.toContain('#c43a08');
	});
});

describe('lineFigure', () => {
	it('draws every series of every chart with its title', () => {
		const series = { name: 'a', colour: 'var(--series-1)', xs: [0, 1], ys: [0, 1] };
		const drawn = lineFigure({
			title: 'Curves',
			caption: 'A caption',
			x: [-0.5, 1.5],
			xTicks: [{ at: 0, label: '0' }],
			xTitle: 'layer',
			charts: [
				{ title: 'first', series: [series] },
				{ title: 'second', series: [series, { ...series, name: 'b', colour: 'var(--series-2)' }] }
			]
		});
		const svg = svgOf(drawn);
		expect(svg.match(/fill="none" stroke="#(1f5fa8|b4530a)"/g)).toHaveLength(3);
		expect(svg).not.toContain('var(');
		expect(svg).toContain('>second</text>');
	});
});

describe('pointFigure', () => {
	it('draws every point in its colour, those beyond the axes as arrows', () => {
		const points = [0.1, 0.2, 0.3, 0.4, 9].map((y, index) => ({
			...{ id: String(index), title: '', x: index, y, colour: `rgb(${index},0,0)` }
		}));
		const drawn = pointFigure({
			title: 'Scatter',
			caption: 'A caption',
			series: [{ name: 'pairs', colour: 'var(--ink)', shape: 'circle', points }],
			beyond: true,
			xTitle: 'cosine',
			yTitle: 'loss increase',
			xFormat: String,
			yFormat: String,
			legend: { scale: colourScale('viridis', [1, 7]), label: 'layers apart' }
		});
		const svg = svgOf(drawn);
		expect(svg.match(/fill="rgb\([0-3],0,0\)"/g)).toHaveLength(4);
		expect(svg.match(/<path [^>]*z" fill="rgb\(4,0,0\)"/g)).toHaveLength(1);
		for (const words of ['cosine', 'loss increase', 'layers apart', '1', '7']) {
			expect(svg).toContain(`>${words}</text>`);
		}
	});
});

describe('text', () => {
	it('wraps at words, and breaks words that are longer than a line', () => {
		expect(wrap('one two three', 5.2, 1)).toEqual(['one two', 'three']); // 10 characters a line
		expect(wrap('abcdefghijklmnop', 5.2, 1)).toEqual(['abcdefghij', 'klmnop']);
		expect(wrap('', 5, 1)).toEqual([]);
	});
	it('escapes what XML would read, and control characters', () => {
		expect(escapeXml('a<b> & "c"\n')).toBe('a&lt;b&gt; &amp; &quot;c&quot;·');
	});
});

describe('figureSvg', () => {
	it('writes the colours of paper for those of the page, and refuses what has none', () => {
		const figureOf = (fill: string) => ({
			...{ title: 't', caption: '', width: 234, height: 10 },
			marks: [{ kind: 'rect' as const, x: 1, y: 2, width: 3, height: 4, fill }]
		});
		expect(svgOf(figureOf('var(--good)'))).toContain(
			'<rect x="1" y="2" width="3" height="4" fill="#237a57"/>'
		);
		expect(() => svgOf(figureOf('var(--hover)'))).toThrow('figure: --hover has no colour on paper');
	});
});
