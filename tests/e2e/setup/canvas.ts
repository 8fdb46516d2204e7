import type { Locator } from 'playwright-core';
import { PNG } from 'pngjs';

/** The pixels of a heatmap's canvas: the cells alone, which no font can change. */
export async function canvasOf(map: Locator): Promise<PNG> {
	const url = await map
		.locator('canvas')
		.evaluate((canvas) => (canvas instanceof HTMLCanvasElement ? canvas.toDataURL() : ''));
	return PNG.sync.read(Buffer.from(url.slice(url.indexOf(',') + 1), 'base64'));
}

/** Red, green, blue and opacity (0–255) in the middle of each cell: [rows, columns]. */
export function cellColours({ width, height, data }: PNG, rows: number, columns: number) {
	return Array.from({ length: rows }, (_, row) =>
		Array.from({ length: columns }, (__, column) => {
			const x = Math.floor(((column + 0.5) * width) / columns);
			const y = Math.floor(((row + 0.5) * height) / rows);
			return [...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)];
		})
	);
}
