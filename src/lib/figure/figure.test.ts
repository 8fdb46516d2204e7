import { describe, expect, it } from 'vitest';
import { colourScale } from '../colour/scale.ts';
import { heatmapFigure } from './heatmap.ts';
import { lineFigure } from './lines.ts';
import { scatterFigure } from './scatter.ts';
import { fileName, pixelSize } from '../controls/save.ts';
import { escapeXml, wrap } from './text.ts';

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

describe('heatmapFigure', () => {
	it('is 3.25 inches wide and well-formed', () => {
		const svg = heatmapFigure(map);
		expect(svg).toMatch(/^<svg [^>]*width="3.25in" height="[\d.]+in" viewBox="0 0 234 \d+"/);
		expect(svg).toContain('Similarity &amp; more');
		const opened = svg.match(/<(?!\/)[a-zA-Z]+[^>]*(?<!\/)>/g) ?? [];
		const closed = svg.match(/<\/[a-zA-Z]+>/g) ?? [];
		expect(opened).toHaveLength(closed.length);
	});
	it('draws each cell in its colour, neighbours of one colour as one', () => {
		const cellsOf = (values: number[]) =>
			heatmapFigure({ ...map, values }).match(/fill="rgb\(\d+,\d+,\d+\)"/g);
		expect(cellsOf([1, 0, 0, 1])).toEqual([
			'fill="rgb(253,231,37)"',
			'fill="rgb(68,1,84)"',
			'fill="rgb(68,1,84)"',
			'fill="rgb(253,231,37)"'
		]);
		expect(cellsOf([1, 1, 0, 0])).toHaveLength(2);
	});
	it('leaves out what is missing', () => {
		const svg = heatmapFigure({ ...map, missing: Uint8Array.of(0, 1, 0, 0) });
		expect(svg.match(/fill="rgb\(\d+,\d+,\d+\)"/g)).toHaveLength(3);
	});
	it('asks for an image where there are too many cells, and embeds it', () => {
		const large = { ...map, rows: 200, columns: 200, values: new Float64Array(40000) };
		expect(() => heatmapFigure(large)).toThrow('figure of 200 × 200 cells: no image');
		const svg = heatmapFigure({ ...large, raster: 'data:image/png;base64,AAAA' });
		expect(svg).toContain('href="data:image/png;base64,AAAA"');
	});
	it('draws a square from a span’s source to its last follower', () => {
		const svg = heatmapFigure({ ...map, spans: [{ first: 0, last: 1 }] });
		expect(svg).toContain('<rect x="26" y="2" width="40" height="40" fill="none" stroke="#c43a08"');
	});
	it('crosses out the diagonal cell of a layer that is left out', () => {
		// The second cell is 20 points wide and begins at (46, 22).
		expect(heatmapFigure({ ...map, dropped: [1] })).toContain(
			'<path d="M48.4,24.4L63.6,39.6M63.6,24.4L48.4,39.6" stroke="#c43a08"'
		);
		expect(heatmapFigure({ ...map, dropped: [] })).not.toContain('#c43a08');
	});
});

describe('lineFigure', () => {
	it('draws every series of every chart with its title', () => {
		const series = { name: 'a', colour: 'var(--series-1)', xs: [0, 1], ys: [0, 1] };
		const svg = lineFigure({
			title: 'Curves',
			caption: 'A caption',
			x: [-0.5, 1.5],
			xTicks: [{ at: 0, label: '0' }],
			xTitle: 'layer',
			charts: [
				{ title: 'first', series: [series] },
				{ title: 'second', series: [series, { ...series, name: 'b' }] }
			]
		});
		expect(svg.match(/fill="none" stroke="#(1f5fa8|b4530a)"/g)).toHaveLength(3);
		expect(svg).not.toContain('var(');
		expect(svg).toContain('>second</text>');
	});
});

describe('scatterFigure', () => {
	it('draws every point in its colour, those beyond the axes as arrows', () => {
		const svg = scatterFigure({
			title: 'Scatter',
			caption: 'A caption',
			points: [0.1, 0.2, 0.3, 0.4, 9].map((y, index) => ({
				key: String(index),
				x: index,
				y,
				colour: `rgb(${index},0,0)`
			})),
			xTitle: 'cosine',
			yTitle: 'loss added',
			scale: colourScale('viridis', [1, 7]),
			legend: 'layers apart'
		});
		expect(svg.match(/<circle /g)).toHaveLength(4);
		expect(svg.match(/<path [^>]*z" fill="rgb\(4,0,0\)"/g)).toHaveLength(1);
		for (const words of ['cosine', 'loss added', 'layers apart', '1', '7']) {
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

describe('saving', () => {
	it('makes a PNG of 600 dots an inch: 1950 pixels for a column', () => {
		expect(pixelSize('<svg width="3.25in" height="2.5in">', 600)).toEqual({
			width: 1950,
			height: 1500
		});
	});
	it('makes file names of safe characters', () => {
		expect(fileName('meta/Llama 2', 'cosine', 'all.svg')).toBe('meta_Llama_2_cosine_all.svg');
	});
});
