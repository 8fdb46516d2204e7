import { paint, type ColourScale } from '../colour/scale.ts';

export interface Raster {
	rows: number;
	columns: number;
	/** [rows, columns] */
	values: ArrayLike<number>;
	scale: ColourScale;
	/** [rows, columns]; 1 where there is nothing to show. */
	missing?: Uint8Array | null;
}

/**
 * Draws a map into a canvas of `width` × `height` device pixels. Cells of a pixel or more keep hard
 * edges; smaller ones are averaged, because picking one of several would drop whole tokens.
 */
export function drawRaster(
	canvas: HTMLCanvasElement,
	raster: Raster,
	width: number,
	height: number
): void {
	const { rows, columns, values, scale, missing = null } = raster;
	canvas.width = width;
	canvas.height = height;
	const context = canvas.getContext('2d');
	const source = document.createElement('canvas');
	source.width = columns;
	source.height = rows;
	const sourceContext = source.getContext('2d');
	if (context === null || sourceContext === null || rows === 0 || columns === 0) return;
	const image = sourceContext.createImageData(columns, rows);
	paint(values, scale, missing, image.data);
	sourceContext.putImageData(image, 0, 0);
	context.imageSmoothingEnabled = width < columns;
	context.imageSmoothingQuality = 'high';
	context.drawImage(source, 0, 0, width, height);
}

/** A map as a PNG data URL, `cellPixels` a cell: for figures that are saved. */
export function rasterUrl(raster: Raster, cellPixels: number): string {
	const canvas = document.createElement('canvas');
	drawRaster(canvas, raster, raster.columns * cellPixels, raster.rows * cellPixels);
	return canvas.toDataURL('image/png');
}

/** Mask [size, size] that hides what lies above the diagonal: a query attends to no later key. */
export function upperTriangle(size: number): Uint8Array {
	const mask = new Uint8Array(size * size);
	for (let row = 0; row < size; row++) mask.fill(1, row * size + row + 1, (row + 1) * size);
	return mask;
}
