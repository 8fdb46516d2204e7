import { faceRules } from '$analysis/figure/faces.ts';
import { figureCsv, figureScript, figureTex } from '$analysis/figure/files.ts';
import type { Figure } from '$analysis/figure/marks.ts';
import { figurePdf } from '$analysis/figure/pdf.ts';
import type { Style } from '$analysis/figure/style.ts';
import { figureSvg } from '$analysis/figure/svg.ts';
import { pngOf } from './save.ts';

export const FORMATS = ['pdf', 'svg', 'png', 'csv', 'py', 'tex'] as const;
export type Format = (typeof FORMATS)[number];

export const FORMAT_ABOUT: Readonly<Record<Format, string>> = {
	pdf: 'vector, font embedded',
	svg: 'vector, text as text',
	png: '300 dpi',
	csv: 'the numbers',
	py: 'matplotlib, reads the CSV',
	tex: 'LaTeX with caption; tables as booktabs'
};

/** The SVG with its face in it, as it looks on every machine. */
export async function standaloneSvg(figure: Figure, style: Style): Promise<string> {
	return figureSvg(figure, style, await faceRules());
}

/** A file of a figure; null where it has none of that kind. `name`: without extension. */
export async function figureFile(
	format: Format,
	figure: Figure,
	style: Style,
	name: string
): Promise<Blob | null> {
	if (format === 'pdf')
		return new Blob([await figurePdf(figure, style)], { type: 'application/pdf' });
	if (format === 'png') return pngOf(await standaloneSvg(figure, style));
	if (format === 'svg') return new Blob([figureSvg(figure, style)], { type: 'image/svg+xml' });
	const text = {
		csv: () => figureCsv(figure),
		py: () => figureScript(figure, style, { csv: `${name}.csv`, out: `${name}-matplotlib.pdf` }),
		tex: () => figureTex(figure, `${name}.pdf`, name)
	}[format]();
	return text === null ? null : new Blob([text], { type: 'text/plain' });
}
