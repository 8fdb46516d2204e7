import { cardLines, csv, type Cell } from '../text/csv.ts';
import { oneLine } from '../text/oneLine.ts';
import type { FigureData, LinesData, MapData, MapsData, PointsData } from './data.ts';
import type { Figure } from './marks.ts';
import type { Style } from './style.ts';

/** The numbers that a figure draws as CSV, below its title, its caption and a card that says how they came about. */
export function figureCsv({ title, caption, data }: Figure, card: object = {}): string {
	return cardLines({ title, caption, ...card }) + csv(rowsOf(data));
}

function rowsOf(data: FigureData): Cell[][] {
	if (data.kind === 'table') return [data.header, ...data.rows].map((row) => [...row]);
	if (data.kind === 'map') return matrixRows(data);
	if (data.kind === 'maps')
		return [
			['panel', 'row', 'column', 'value'],
			...data.maps.flatMap((map) =>
				indices(map.rows).flatMap((row) =>
					indices(map.columns).map((column) => [map.title, row, column, valueAt(map, row, column)])
				)
			)
		];
	if (data.kind === 'lines')
		return [
			['chart', 'series', 'x', 'y', 'low', 'high'],
			...data.charts.flatMap(({ title, series }) =>
				series.flatMap(({ name, xs, ys, low, high }) =>
					xs.map((x, at) => [
						...[title, name, x],
						...[ys[at], low?.[at] ?? null, high?.[at] ?? null].map(finite)
					])
				)
			)
		];
	return [
		['series', 'x', 'y', 'low', 'high', 'label'],
		...data.series.flatMap(({ name, points }) =>
			points.map(({ x, y, low = null, high = null, title }) => [name, x, y, low, high, title])
		)
	];
}

function matrixRows(map: MapData): Cell[][] {
	const { rows, columns, rowTitle, columnTitle, rowLabel = String, columnLabel = String } = map;
	const corner = rowTitle === columnTitle ? rowTitle : `${rowTitle} \\ ${columnTitle}`;
	return [
		[corner, ...indices(columns).map(columnLabel)],
		...indices(rows).map((row) => [
			rowLabel(row),
			...indices(columns).map((column) => valueAt(map, row, column))
		])
	];
}

function valueAt({ columns, values, missing }: MapData, row: number, column: number): Cell {
	const at = row * columns + column;
	return missing?.[at] === 1 ? null : finite(values[at]);
}

const finite = (value: number | null): number | null =>
	value === null || !Number.isFinite(value) ? null : Number(value.toPrecision(9));
const indices = (count: number) => Array.from({ length: count }, (_, index) => index);

/** A script of matplotlib that draws the figure from its CSV; null: tables have none. */
export function figureScript(
	{ title, width, height, data }: Figure,
	style: Style,
	file: { csv: string; out: string }
): string | null {
	if (data.kind === 'table') return null;
	const size = `(${(width / 72).toFixed(2)}, ${(height / 72).toFixed(2)})`;
	const head = [
		'import csv',
		'import matplotlib.pyplot as plt',
		'import numpy as np',
		'',
		'plt.rcParams.update({"font.size": 8, "pdf.fonttype": 42})',
		`rows = list(csv.reader(line for line in open(${python(file.csv)}, encoding="utf-8") if line[0] != "#"))`
	];
	const body =
		data.kind === 'map'
			? mapScript(data, size)
			: data.kind === 'maps'
				? mapsScript(data, size)
				: data.kind === 'lines'
					? linesScript(data, size)
					: pointsScript(data, size);
	const end = [
		...(style.title ? [`figure.suptitle(${python(title)}, fontsize=8)`] : []),
		`figure.savefig(${python(file.out)})`
	];
	return `${[...head, ...body, ...end].join('\n')}\n`;
}

const NUMBER = 'number = lambda cell: float(cell) if cell else np.nan';

function imshow({ scale }: MapData): string {
	const name = scale.name === 'difference' ? 'RdBu' : scale.name;
	const reversed = (scale.name === 'difference') !== (scale.reversed === true);
	const reach = Math.max(...scale.range.map(Math.abs));
	const [low, high] = scale.name === 'difference' ? [-reach, reach] : scale.range;
	return `cmap="${name}${reversed ? '_r' : ''}", vmin=${low}, vmax=${high}`;
}

function mapScript(map: MapData, size: string): string[] {
	return [
		'values = np.array([[float(cell or "nan") for cell in row[1:]] for row in rows[1:]])',
		`figure, axes = plt.subplots(figsize=${size}, layout="constrained")`,
		`image = axes.imshow(values, ${imshow(map)})`,
		`axes.set(xlabel=${python(map.columnTitle)}, ylabel=${python(map.rowTitle)})`,
		`figure.colorbar(image, location="bottom", label=${python(map.legend)})`
	];
}

function mapsScript({ maps }: MapsData, size: string): string[] {
	const [first] = maps;
	return [
		'panels = list(dict.fromkeys(row[0] for row in rows[1:]))',
		`figure, axes = plt.subplots(1, len(panels), figsize=${size}, layout="constrained", squeeze=False)`,
		'for axis, panel in zip(axes[0], panels):',
		'    cells = [row for row in rows[1:] if row[0] == panel]',
		'    values = np.full((1 + max(int(r[1]) for r in cells), 1 + max(int(r[2]) for r in cells)), np.nan)',
		'    for _, row, column, value in cells:',
		'        values[int(row), int(column)] = float(value or "nan")',
		`    image = axis.imshow(values, ${imshow(first)})`,
		`    axis.set(title=panel, xlabel=${python(first.columnTitle)}, ylabel=${python(first.rowTitle)})`,
		`figure.colorbar(image, ax=axes, location="bottom", label=${python(first.legend)})`
	];
}

function linesScript({ charts, xTitle, bars }: LinesData, size: string): string[] {
	return [
		NUMBER,
		'charts = list(dict.fromkeys(row[0] for row in rows[1:]))',
		`figure, axes = plt.subplots(${charts.length}, 1, sharex=True, figsize=${size}, layout="constrained", squeeze=False)`,
		'for axis, chart in zip(axes[:, 0], charts):',
		'    axis.set_title(chart, fontsize=8, loc="left")',
		'    for name in dict.fromkeys(row[1] for row in rows[1:] if row[0] == chart):',
		'        x, y, low, high = np.array([[number(cell) for cell in row[2:]] for row in rows[1:] if row[:2] == [chart, name]]).T',
		...(bars
			? [
					'        axis.bar(x, y, yerr=np.nan_to_num([y - low, high - y]).clip(0), error_kw={"lw": 0.7})'
				]
			: [
					'        axis.plot(x, y, lw=1, label=name)',
					'        axis.fill_between(x, low, high, alpha=0.2)',
					...(charts.some(({ series }) => series.length > 1)
						? ['    axis.legend(fontsize=7, frameon=False)']
						: [])
				]),
		`axes[-1, 0].set_xlabel(${python(xTitle)})`
	];
}

function pointsScript({ xTitle, yTitle }: PointsData, size: string): string[] {
	return [
		NUMBER,
		`figure, axes = plt.subplots(figsize=${size}, layout="constrained")`,
		'for name in dict.fromkeys(row[0] for row in rows[1:]):',
		'    x, y, low, high = np.array([[number(cell) for cell in row[1:5]] for row in rows[1:] if row[0] == name]).T',
		'    axes.errorbar(x, y, yerr=np.nan_to_num([y - low, high - y]).clip(0), fmt="o", ms=3, lw=0.7, label=name)',
		`axes.set(xlabel=${python(xTitle)}, ylabel=${python(yTitle)})`,
		'axes.legend(fontsize=7, frameon=False)'
	];
}

/** A string as Python reads it. */
const python = (text: string) => JSON.stringify(text);

/** Writes the LaTeX that includes a figure with its caption; for a table, the table itself, as booktabs sets it. */
export function figureTex({ caption, width, data }: Figure, file: string, label: string): string {
	const star = width > 300 ? '*' : '';
	const environment = `${data.kind === 'table' ? 'table' : 'figure'}${star}`;
	const body =
		data.kind === 'table'
			? booktabs(data.header, data.rows)
			: [`  \\includegraphics[width=${(width / 72).toFixed(2)}in]{${file}}`];
	return `${[
		...(data.kind === 'table' ? ['% \\usepackage{booktabs}'] : ['% \\usepackage{graphicx}']),
		`\\begin{${environment}}`,
		'  \\centering',
		...body,
		`  \\caption{${tex(caption)}}`,
		`  \\label{${data.kind === 'table' ? 'tab' : 'fig'}:${label.replaceAll(/[^A-Za-z0-9]+/g, '-')}}`,
		`\\end{${environment}}`
	].join('\n')}\n`;
}

const NUMERIC = /^[+−-]?[\d.]+%?$|^–?$/;

function booktabs(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
	const columns = header.map((_, column) =>
		rows.every((row) => NUMERIC.test(row[column] ?? '')) ? 'r' : 'l'
	);
	const line = (cells: readonly string[]) => `    ${cells.map(tex).join(' & ')} \\\\`;
	return [
		`  \\begin{tabular}{${columns.join('')}}`,
		'    \\toprule',
		line(header),
		'    \\midrule',
		...rows.map(line),
		'    \\bottomrule',
		'  \\end{tabular}'
	];
}

const TEX: Readonly<Record<string, string>> = {
	'\\': '\\textbackslash{}',
	'&': '\\&',
	'%': '\\%',
	$: '\\$',
	'#': '\\#',
	_: '\\_',
	'{': '\\{',
	'}': '\\}',
	'~': '\\textasciitilde{}',
	'^': '\\textasciicircum{}',
	'−': '$-$',
	'×': '$\\times$',
	'·': '$\\cdot$',
	'→': '$\\to$',
	'√': '$\\surd$',
	'≤': '$\\le$',
	'≥': '$\\ge$',
	'±': '$\\pm$',
	'–': '--',
	'…': '\\ldots{}',
	'’': "'",
	'✕': '$\\times$',
	'\u2009': '\\,',
	'‖': '$\\|$',
	Σ: '$\\Sigma$'
};

/** Text as LaTeX sets it, on one line: an empty one would end the caption. */
export function tex(text: string): string {
	return Array.from(oneLine(text), (character) => TEX[character] ?? character).join('');
}
