import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { loadFaces } from '../figure/faces.ts';
import type { Figure } from '../figure/marks.ts';
import type { Style } from '../figure/style.ts';
import { figureSvg } from '../figure/svg.ts';

/** Dots per inch: what print asks of a figure; and what CSS counts by. */
const DPI = 300;
const CSS_DPI = 96;

let started: Promise<typeof import('@resvg/resvg-wasm')> | null = null;

/** resvg, once in a process. */
function renderer(): Promise<typeof import('@resvg/resvg-wasm')> {
	started ??= (async () => {
		const module = await import('@resvg/resvg-wasm');
		const file = createRequire(import.meta.url).resolve('@resvg/resvg-wasm/index_bg.wasm');
		await module.initWasm(await readFile(file));
		return module;
	})();
	return started;
}

/** A figure as a PNG of 300 dpi, in its own face. */
export async function figurePng(figure: Figure, style: Style): Promise<Uint8Array> {
	const [{ Resvg }, faces] = await Promise.all([renderer(), loadFaces()]);
	const drawn = new Resvg(figureSvg(figure, style), {
		fitTo: { mode: 'zoom', value: DPI / CSS_DPI },
		font: {
			fontBuffers: [faces.regular, faces.bold],
			defaultFontFamily: 'Source Sans 3',
			sansSerifFamily: 'Source Sans 3'
		}
	});
	return drawn.render().asPng();
}
