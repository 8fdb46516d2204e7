import { paint, type ColourScale } from '$analysis/figure/colour.ts';

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
