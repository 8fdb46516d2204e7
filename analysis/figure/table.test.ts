import { expect, it } from 'vitest';
import { figureSvg } from './svg.ts';
import { tableFigure, type TableFigure } from './table.ts';

const svgOf = (of: TableFigure) => figureSvg(tableFigure(of));

const table = {
	title: 'What differs',
	caption: 'Two runs.',
	header: ['', 'a', 'b'],
	rows: [['layers', '16', '32 & more']]
};

it('writes every cell, escaped, at a column of 3.25 inches', () => {
	const svg = svgOf(table);
	expect(svg).toContain('width="3.25in"');
	for (const cell of ['layers', '16', '32 &amp; more', 'Two runs.']) expect(svg).toContain(cell);
});
it('gives a column of longer cells more room', () => {
	const svg = svgOf({ ...table, header: ['n', 'a longer title', 'b'], rows: [] });
	const left = [...svg.matchAll(/<text x="([\d.]+)"[^>]*>(n|a longer title|b)</g)].map(([, x]) =>
		Number(x)
	);
	expect(left[2] - left[1]).toBeGreaterThan(2 * (left[1] - left[0]));
});
it('breaks long cells into lines and grows with them', () => {
	const height = (svg: string) => Number(/viewBox="0 0 \d+ (\d+)"/.exec(svg)?.[1]);
	const long = { ...table, rows: [['texts', 'one '.repeat(90), 'two']] };
	expect(height(svgOf(long))).toBeGreaterThan(height(svgOf(table)) + 30);
});
