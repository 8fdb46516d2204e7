import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { OnnxModel } from './read.ts';

/** The files that an ONNX model consists of: the proto, then external data in the order of locations. */
export function onnxFiles({ file, external }: OnnxModel): string[] {
	const locations = [...external.files.keys()].sort();
	return [file, ...new Set(locations.flatMap((location) => external.files.get(location) ?? []))];
}

/**
 * The hash of an ONNX model, in lower-case hexadecimal: the SHA-256 of the bytes of its file followed by those of
 * its external data, file by file in the order of locations (as UTF-16).
 */
export async function onnxHash(onnx: OnnxModel): Promise<string> {
	const hash = createHash('sha256');
	for (const file of onnxFiles(onnx)) {
		for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 })) {
			hash.update(chunk as Buffer);
		}
	}
	return hash.digest('hex');
}
