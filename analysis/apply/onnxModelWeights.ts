import { open, type FileHandle } from 'node:fs/promises';
import { create } from '@bufbuild/protobuf';
import {
	StringStringEntryProtoSchema,
	TensorProtoSchema,
	type TensorProto
} from '../proto/onnx_pb.ts';
import { withFields } from '../model/onnx/copy.ts';
import { cutRows, readBytes } from '../rewrite/cutBytes.ts';
import { isExternal, placeOf } from '../model/onnx/external.ts';
import type { OnnxModel } from '../model/onnx/read.ts';
import type { WeightCut } from '../rewrite/weightCut.ts';
import { writeAll } from './write.ts';

/** Weights begin at pages, so that they can be mapped into memory one by one. */
const PAGE_BYTES = 4096;
/** 16 MiB: what is in memory of a weight at once. */
const PIECE_BYTES = 2 ** 24;

/** Keys of external data that say where the bytes are, or hash them as they were. */
const REPLACED = ['location', 'offset', 'length', 'checksum'];

/** Source of some bytes of the new file: rows of another file, described as in `WeightCut`. */
interface Piece extends Omit<WeightCut, 'source'> {
	path: string;
	offset: number;
}

/**
 * Writes the weights in external data that a rewritten model still has into one new file, one after the other, and
 * returns the initializers with their new places; those that lie in the proto stay there. Nothing is written where
 * there are none. Weights that were at one place are written once.
 */
export async function writeExternalWeights(
	initializers: readonly TensorProto[],
	cuts: ReadonlyMap<string, WeightCut>,
	{ file, external }: OnnxModel,
	target: { path: string; location: string },
	onProgress: (fraction: number) => void
): Promise<TensorProto[]> {
	const places = new Map<string, { offset: number; length: number; piece: Piece }>();
	let end = 0;
	const placed = initializers.map((tensor) => {
		if (!isExternal(tensor)) return tensor;
		const piece = pieceOf(tensor, cuts.get(tensor.name), file, external.files);
		const key = JSON.stringify(piece);
		const length = piece.rows * piece.length;
		const place = places.get(key) ?? {
			offset: Math.ceil(end / PAGE_BYTES) * PAGE_BYTES,
			length,
			piece
		};
		if (!places.has(key)) end = place.offset + length;
		places.set(key, place);
		return moved(tensor, { location: target.location, offset: place.offset, length });
	});
	if (places.size === 0) return placed;
	const sources = new Map<string, FileHandle>();
	const handle = await open(target.path, 'wx');
	try {
		for (const { offset, length, piece } of places.values()) {
			const source = sources.get(piece.path) ?? (await open(piece.path, 'r'));
			sources.set(piece.path, source);
			await copyPiece(source, handle, piece, offset);
			onProgress((offset + length) / end);
		}
		await handle.sync();
	} finally {
		for (const each of [handle, ...sources.values()]) await each.close();
	}
	return placed;
}

function pieceOf(
	tensor: TensorProto,
	cut: WeightCut | undefined,
	file: string,
	files: ReadonlyMap<string, string>
): Piece {
	const { location, offset, length } = placeOf(cut?.source ?? tensor, file);
	const path = files.get(location);
	if (path === undefined)
		throw new Error(`${tensor.name}: ${location} vanished from an opened model`);
	if (cut === undefined) return { path, offset, rows: 1, stride: length, start: 0, length };
	return {
		path,
		offset,
		rows: cut.rows,
		stride: cut.stride,
		start: cut.start,
		length: cut.length
	};
}

function moved(tensor: TensorProto, place: Record<string, string | number>): TensorProto {
	const others = tensor.externalData.filter(({ key }) => !REPLACED.includes(key));
	const own = Object.entries(place).map(([key, value]) =>
		create(StringStringEntryProtoSchema, { key, value: String(value) })
	);
	return withFields(TensorProtoSchema, tensor, { externalData: [...own, ...others] });
}

/** Copies some rows at a time, or of a single row some bytes. */
async function copyPiece(
	source: FileHandle,
	target: FileHandle,
	piece: Piece,
	to: number
): Promise<void> {
	const { offset, rows, start, length } = piece;
	if (rows === 1) {
		for (let done = 0; done < length; done += PIECE_BYTES) {
			const bytes = await readBytes(
				source,
				offset + start + done,
				Math.min(PIECE_BYTES, length - done)
			);
			await writeAll(target, bytes, to + done);
		}
		return;
	}
	for await (const { first, rows: cut } of cutRows(source, offset, piece))
		await writeAll(target, cut, to + first * length);
}
