import { writeFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { figureCsv, figureScript, figureTex } from '../analysis/figure/files.ts';
import type { Figure } from '../analysis/figure/marks.ts';
import { figurePdf } from '../analysis/figure/pdf.ts';
import type { Style } from '../analysis/figure/style.ts';
import { figureSvg } from '../analysis/figure/svg.ts';
import { figurePng } from '../analysis/publish/raster.ts';

/** Writes a figure, .pdf, .svg or .png, and what lies beside it; returns the files. */
export async function writeFigure(figure: Figure, style: Style, out: string): Promise<string[]> {
	const extension = extname(out);
	const stem = out.slice(0, -extension.length);
	const name = basename(stem);
	const drawn = {
		'.pdf': () => figurePdf(figure, style),
		'.png': () => figurePng(figure, style),
		'.svg': () => Promise.resolve(figureSvg(figure, style))
	}[extension];
	const script = figureScript(figure, style, { csv: `${name}.csv`, out: `${name}-matplotlib.pdf` });
	const files: [string, string | Uint8Array][] = [
		[out, drawn === undefined ? '' : await drawn()],
		[`${stem}.csv`, figureCsv(figure)],
		...(script === null ? [] : [[`${stem}.py`, script] satisfies [string, string]]),
		[`${stem}.tex`, figureTex(figure, basename(out), name)]
	];
	for (const [file, content] of files) await writeFile(file, content);
	return files.map(([file]) => file);
}
