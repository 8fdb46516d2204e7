import { describe, expect, it } from 'vitest';
import { overEdges } from '../../tests/builders/edges.ts';
import { colourScale, divergingScale } from './colour.ts';
import { figureCsv, figureScript, figureTex, tex } from './files.ts';
import { lineFigure } from './lineFigure.ts';
import { mapFigure, type MapFigure } from './map.ts';
import { mapsFigure } from './maps.ts';
import { textWidth } from './measure.ts';
import { figurePdf } from './pdf.ts';
import { pointFigure } from './pointFigure.ts';
import { profileFigure, profileRange, type ProfileRow } from './profile.ts';
import { SINGLE, WIDTHS, type Style } from './style.ts';
import { figureSvg } from './svg.ts';
import { tableFigure } from './table.ts';
import { escapeXml, wrap } from './wrap.ts';

const DOUBLE: Style = { ...SINGLE, width: WIDTHS.double };
const LONG =
	'A caption of some length, with a hash 0123456789abcdef and a command that is not to be broken where it can be helped';

const map: MapFigure = {
	title: 'Similarity & more',
	caption: LONG,
	rows: 2,
	columns: 2,
	values: [1, 0, 0, 1],
	scale: colourScale('viridis', [0, 1]),
	legend: 'cosine',
	rowTitle: 'source layer',
	columnTitle: 'follower layer'
};
const rasterOf = (of: MapFigure, style?: Style) =>
	mapFigure(of, style).marks.flatMap((mark) => (mark.kind === 'raster' ? [mark] : []))[0];

const series = (name: string) => ({
	...{ name, colour: 'var(--series-1)', xs: [0, 1, 2], ys: [0, NaN, 1] },
	...{ low: [0, NaN, 0.5], high: [0.5, NaN, 1.5] }
});
const lines = {
	title: 'Curves',
	caption: LONG,
	x: [-0.5, 2.5] as const,
	xTicks: [{ at: 0, label: '0' }],
	xTitle: 'layer',
	charts: [
		{ title: 'first', series: [series('a')] },
		{
			title: 'second, of which there are several lines with long names',
			series: [series('one model'), series('another model of a long name')]
		}
	]
};
const points = {
	title: 'Scatter',
	caption: LONG,
	series: [
		{
			...{ name: 'pairs', colour: 'var(--ink)', shape: 'circle' as const },
			points: [0.1, 0.2, 0.3, 0.4, 9].map((y, index) => ({
				...{ id: String(index), title: `pair ${index}`, x: index, y, colour: `rgb(${index},0,0)` }
			}))
		}
	],
	beyond: true,
	xTitle: 'cosine',
	yTitle: 'loss increase',
	xFormat: String,
	yFormat: String,
	legend: { scale: colourScale('viridis', [1, 7]), label: 'layers apart' }
};
const row: ProfileRow = {
	...{ title: 'drop damage on text (nats/token)', shape: 'bar', colour: 'var(--series-2)' },
	values: [0.1, null, 0.2, 0.15, 0.12, 9],
	low: [0.05, null, 0.1, 0.1, 0.1, 8],
	high: [0.15, null, 0.3, 0.2, 0.2, 10]
};
const profile = { title: 'Profile', caption: LONG, layers: 6, rows: [row, { ...row, title: 'b' }] };
const table = {
	title: 'Plans',
	caption: LONG,
	header: ['plan', 'loss increase (nats/token)', 'saved'],
	rows: [
		['share_all & more', '+0.200', '12.5%'],
		['a-plan-with-a-name-that-is-longer-than-any-column-could-be-wide', '−0.010', '6.3%']
	]
};

describe('mapFigure', () => {
	it('is as wide as the style says, and well-formed', () => {
		const svg = figureSvg(mapFigure(map));
		expect(svg).toMatch(/^<svg [^>]*width="3.25in" height="[\d.]+in" viewBox="0 0 234 \d+"/);
		expect(svg).toContain('Similarity &amp; more');
		const opened = svg.match(/<(?!\/)[a-zA-Z]+[^>]*(?<!\/)>/g) ?? [];
		const closed = svg.match(/<\/[a-zA-Z]+>/g) ?? [];
		expect(opened).toHaveLength(closed.length);
		expect(figureSvg(mapFigure(map, DOUBLE), DOUBLE)).toContain('width="6.75in"');
	});
	it('draws its cells as one image in their colours; what is missing in grey', () => {
		const missing = Uint8Array.of(0, 1, 0, 0);
		expect([...rasterOf({ ...map, missing }).pixels]).toEqual([
			...[253, 231, 37, 255],
			...[228, 230, 233, 255],
			...[68, 1, 84, 255],
			...[253, 231, 37, 255]
		]);
	});
	it('is in cividis where colours are to survive a grey print', () => {
		const raster = rasterOf(map, { ...SINGLE, colours: 'grey-safe' });
		const of = colourScale('cividis', [0, 1]).table;
		expect([...raster.pixels.slice(4, 7)]).toEqual([...of.slice(0, 3)]);
	});
	it('draws spans, crosses and the bar of colours, or leaves them out', () => {
		const drawn = { ...map, spans: [{ first: 0, last: 1 }], dropped: [1] };
		const count = (style: Style, what: string) =>
			figureSvg(mapFigure(drawn, style), style).split(what).length - 1;
		expect(count(SINGLE, '#c43a08')).toBe(2);
		expect(count({ ...SINGLE, spans: false }, '#c43a08')).toBe(0);
		expect(count(SINGLE, '<image')).toBe(2);
		expect(count({ ...SINGLE, colourBar: false }, '<image')).toBe(1);
	});
	it('points the bar of colours to where values lie beyond it', () => {
		const ends = (range: [number, number]) =>
			mapFigure({ ...map, scale: colourScale('viridis', range) }).marks.filter(
				(mark) => mark.kind === 'path' && mark.d.endsWith('z')
			).length;
		expect(ends([0, 1])).toBe(0);
		expect(ends([0, 0.8])).toBe(1);
		expect(ends([0.2, 0.8])).toBe(2);
	});
});

describe('mapsFigure', () => {
	const two = {
		...{ title: 'Two', caption: LONG },
		maps: [
			{ ...map, title: 'a', scale: colourScale('viridis', [0, 0.5]) },
			{ ...map, title: 'b', scale: colourScale('viridis', [0.2, 1]) }
		]
	};
	const scales = (style: Style) => {
		const { data } = mapsFigure(two, style);
		return data.kind === 'maps' ? data.maps.map(({ scale }) => scale.range) : [];
	};
	it('has one scale for all, or one each', () => {
		expect(scales(DOUBLE)).toEqual([
			[0, 1],
			[0, 1]
		]);
		expect(scales({ ...DOUBLE, ownScales: true })).toEqual([
			[0, 0.5],
			[0.2, 1]
		]);
	});
	it('leaves out the panels that are not wanted', () => {
		expect(scales({ ...DOUBLE, without: ['b'] })).toHaveLength(1);
		expect(scales({ ...DOUBLE, without: ['a', 'b'] })).toHaveLength(2);
	});
});

describe('lineFigure', () => {
	it('draws every series of every chart with its title', () => {
		const svg = figureSvg(lineFigure(lines));
		expect(svg.match(/stroke="#1f5fa8" stroke-width="1"/g)).toHaveLength(5);
		expect(svg).not.toContain('var(');
		expect(svg).toContain('>first</text>');
	});
});

describe('pointFigure', () => {
	it('draws every point in its colour, those beyond the axes as arrows', () => {
		const svg = figureSvg(pointFigure(points));
		expect(svg.match(/fill="rgb\([0-3],0,0\)"/g)).toHaveLength(4);
		expect(svg.match(/<path [^>]*z" fill="rgb\(4,0,0\)"/g)).toHaveLength(1);
		for (const words of ['cosine', 'loss increase', 'layers apart', '2', '6']) {
			expect(svg).toContain(`>${words}</text>`);
		}
	});
});

describe('profileFigure', () => {
	it('fits its axis to the bulk of the layers, intervals included, and begins bars at 0', () => {
		expect(profileRange(row)).toEqual([0, 0.3]);
		const dots = { ...row, shape: 'dot' as const, low: undefined, high: undefined };
		expect(profileRange({ ...dots, values: [0.5, 0.6, 0.7, 0.8] })).toEqual([0.5, 0.8]);
		expect(profileRange({ ...row, values: [null, null] })).toEqual([0, 1]);
	});
	it('draws a bar and a whisker per layer, and an arrow where a layer lies beyond the axis', () => {
		const { marks } = profileFigure({ ...profile, rows: [row] });
		expect(marks.filter(({ kind }) => kind === 'rect')).toHaveLength(5);
		const paths = marks.flatMap((mark) => (mark.kind === 'path' ? [mark] : []));
		expect(paths.filter(({ stroke }) => stroke === 'var(--ink)')).toHaveLength(4);
		expect(paths.filter(({ d }) => d.endsWith('z'))).toHaveLength(1);
	});
});

const FIGURES = {
	map: (style: Style) => mapFigure(map, style),
	'map of tokens': (style: Style) =>
		mapFigure(
			{
				...map,
				turned: 1,
				rowLabel: (at) => `${at} ·a token of many letters`,
				columnLabel: String
			},
			style
		),
	maps: (style: Style) =>
		mapsFigure(
			{ title: LONG, caption: LONG, maps: ['a', 'b', LONG].map((title) => ({ ...map, title })) },
			style
		),
	lines: (style: Style) => lineFigure(lines, style),
	points: (style: Style) => pointFigure(points, style),
	profile: (style: Style) => profileFigure(profile, style),
	table: (style: Style) => tableFigure(table, style)
};

describe.each(Object.entries(FIGURES))('a figure of %s', (name, figure) => {
	it.each([
		['one column', SINGLE],
		['two columns', DOUBLE]
	])('runs over no edge in %s, by the widths of the embedded face', (_, style) => {
		expect(overEdges(figure(style), style)).toEqual([]);
	});
	it('holds every text to its measured width in SVG, whatever face a machine has', () => {
		const svg = figureSvg(figure(SINGLE));
		const texts = svg.match(/<text [^>]*>/g) ?? [];
		expect(texts.length).toBeGreaterThan(3);
		expect(texts.every((each) => each.includes('textLength='))).toBe(true);
	});
	it('is a small PDF whose one font is embedded', async () => {
		const bytes = await figurePdf(figure(SINGLE), SINGLE);
		const text = Buffer.from(bytes).toString('latin1');
		expect(text.startsWith('%PDF-')).toBe(true);
		expect(bytes.length).toBeLessThan(100_000);
		expect(text).toContain('/FontFile2');
		expect(text).not.toContain('/Helvetica');
		expect(text).toContain(`/MediaBox [0 0 234 `);
	});
	it('comes with its numbers and, but for a table, a short script', () => {
		const drawn = figure(SINGLE);
		const csv = figureCsv(drawn, { command: 'spanwise figure' });
		expect(csv).toMatch(/^# title: .*\n# caption: .*\n# command: spanwise figure\n/);
		const script = figureScript(drawn, SINGLE, { csv: 'a.csv', out: 'a.pdf' });
		if (name === 'table') expect(script).toBeNull();
		else {
			expect(script).toContain('open("a.csv"');
			expect(script?.split('\n').length).toBeLessThan(24);
		}
		expect(figureTex(drawn, 'a.pdf', 'a')).toContain(`\\caption{${tex(LONG)}}`);
	});
});

describe('files beside a figure', () => {
	it('hold a caption on one line, whatever names it has', () => {
		expect(tex('a\n\nb & c\u2028{d}')).toBe('a b \\& c \\{d\\}');
	});
	it('hold a map as a matrix with its labels', () => {
		const csv = figureCsv(mapFigure({ ...map, missing: Uint8Array.of(0, 1, 0, 0) }));
		expect(csv.split('\n').slice(2)).toEqual([
			'source layer \\ follower layer,0,1',
			'0,1,',
			'1,0,1',
			''
		]);
	});
	it('hold lines with their intervals, gaps empty', () => {
		const csv = figureCsv(lineFigure({ ...lines, charts: lines.charts.slice(0, 1) }));
		expect(csv.split('\n').slice(2)).toEqual([
			'chart,series,x,y,low,high',
			'first,a,0,0,0,0.5',
			'first,a,1,,,',
			'first,a,2,1,0.5,1.5',
			''
		]);
	});
	it('set a table by booktabs, numbers to the right', () => {
		expect(figureTex(tableFigure(table), '', 'plans of 2')).toBe(
			[
				'% \\usepackage{booktabs}',
				'\\begin{table}',
				'  \\centering',
				'  \\begin{tabular}{lrr}',
				'    \\toprule',
				'    plan & loss increase (nats/token) & saved \\\\',
				'    \\midrule',
				'    share\\_all \\& more & +0.200 & 12.5\\% \\\\',
				'    a-plan-with-a-name-that-is-longer-than-any-column-could-be-wide & $-$0.010 & 6.3\\% \\\\',
				'    \\bottomrule',
				'  \\end{tabular}',
				`  \\caption{${LONG}}`,
				'  \\label{tab:plans-of-2}',
				'\\end{table}',
				''
			].join('\n')
		);
	});
	it('give matplotlib a range around 0 for differences', () => {
		const drawn = mapFigure({ ...map, scale: divergingScale([-0.1, 0.4]) });
		expect(figureScript(drawn, SINGLE, { csv: 'a.csv', out: 'a.pdf' })).toContain(
			'cmap="RdBu_r", vmin=-0.4, vmax=0.4'
		);
	});
});

describe('text', () => {
	it('wraps at words by their widths, and breaks words that are longer than a line', () => {
		const width = textWidth('one two', 8) + 0.1;
		expect(wrap('one two one two', width, 8)).toEqual(['one two', 'one two']);
		expect(wrap('mmmmmm', textWidth('mmmm', 8) + 0.1, 8)).toEqual(['mmmm', 'mm']);
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
			data: { kind: 'table' as const, header: [], rows: [] },
			marks: [{ kind: 'rect' as const, x: 1, y: 2, width: 3, height: 4, fill }]
		});
		const style = { ...SINGLE, title: false };
		expect(figureSvg(figureOf('var(--good)'), style)).toContain(
			'<rect x="1" y="4" width="3" height="4" fill="#237a57"/>'
		);
		expect(() => figureSvg(figureOf('var(--hover)'))).toThrow(
			'figure: --hover has no colour on paper'
		);
	});
});
