import { zlibSync } from 'fflate';
import type { RasterMark } from './marks.ts';

/** Edge of a cell, pixels: viewers that smooth images blur the edges of cells and no more. */
const CELL_PIXELS = 8;
/** No image is larger along its longer side. */
const MOST_PIXELS = 2048;

/** The cells of a raster as a PNG, their edges hard; transparent cells are white. */
export function rasterPng({ rows, columns, pixels }: RasterMark): Uint8Array<ArrayBuffer> {
	const factor = Math.max(
		1,
		Math.min(CELL_PIXELS, Math.floor(MOST_PIXELS / Math.max(rows, columns)))
	);
	const [width, height] = [columns * factor, rows * factor];
	// A byte of filter (none) before every row of RGB.
	const lines = new Uint8Array(height * (1 + width * 3));
	let at = 0;
	for (let y = 0; y < height; y++) {
		at++;
		for (let x = 0; x < width; x++) {
			const from = (Math.floor(y / factor) * columns + Math.floor(x / factor)) * 4;
			const opaque = pixels[from + 3] > 0;
			for (let channel = 0; channel < 3; channel++)
				lines[at++] = opaque ? pixels[from + channel] : 255;
		}
	}
	const header = new Uint8Array(13);
	const view = new DataView(header.buffer);
	view.setUint32(0, width);
	view.setUint32(4, height);
	// 8 bits a channel, RGB.
	header.set([8, 2], 8);
	return joined([
		Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10),
		chunk('IHDR', header),
		chunk('IDAT', zlibSync(lines, { level: 9 })),
		chunk('IEND', new Uint8Array())
	]);
}

/** The same as a data URL. */
export function rasterUrl(raster: RasterMark): string {
	return `data:image/png;base64,${base64(rasterPng(raster))}`;
}

/** Bytes in base 64. */
export function base64(bytes: Uint8Array): string {
	let binary = '';
	for (let at = 0; at < bytes.length; at += 0x8000)
		binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
	return btoa(binary);
}

function chunk(name: string, data: Uint8Array): Uint8Array {
	const body = joined([new TextEncoder().encode(name), data]);
	const [length, check] = [new Uint8Array(4), new Uint8Array(4)];
	new DataView(length.buffer).setUint32(0, data.length);
	new DataView(check.buffer).setUint32(0, crc32(body));
	return joined([length, body, check]);
}

/** CRC-32 as PNG has it (ISO 3309). */
function crc32(bytes: Uint8Array): number {
	let crc = 0xffffffff;
	for (const byte of bytes) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return (crc ^ 0xffffffff) >>> 0;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
	const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}
