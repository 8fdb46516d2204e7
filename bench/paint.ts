import { colourScale } from '../analysis/figure/colour.ts';
import { drawRaster } from '../src/lib/heatmap/raster.ts';

export interface PaintTimes {
	/** Rows and columns of the map. */
	size: number;
	/** Width and height of the canvas in device pixels. */
	pixels: number;
	milliseconds: number[];
}

/** Runs in the browser: paints a map again and again, one warm-up first. */
export function paintTimes(size: number, pixels: number, repeats: number): PaintTimes {
	const canvas = document.createElement('canvas');
	const values = Float32Array.from({ length: size * size }, (_, cell) => Math.sin(cell) ** 2);
	const scale = colourScale('viridis', [0, 1]);
	const milliseconds: number[] = [];
	for (let repeat = -1; repeat < repeats; repeat++) {
		const started = performance.now();
		drawRaster(canvas, { rows: size, columns: size, values, scale }, pixels, pixels);
		// Drawing may be put off until somebody looks.
		canvas.getContext('2d')?.getImageData(0, 0, 1, 1);
		if (repeat >= 0) milliseconds.push(performance.now() - started);
	}
	return { size, pixels, milliseconds };
}
