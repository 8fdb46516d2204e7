import { open, type FileHandle } from 'node:fs/promises';
import { create } from '@bufbuild/protobuf';
import { InputError } from '../errors.ts';
import {
	StringStringEntryProtoSchema,
	TensorProto_DataLocation as DataLocation,
	TensorProtoSchema,
	type TensorProto
} from '../proto/onnx_pb.ts';
import { withFields } from '../model/onnx/copy.ts';
import { placeOf } from '../model/onnx/external.ts';
import type { OnnxModel } from '../model/onnx/read.ts';
import type { WeightCut } from './weightCut.ts';

/** 16 MiB: what is in memory of a weight at once while it is cut. */
const PIECE_BYTES = 2 ** 24;
/** Most bytes of cut weights in a proto: protobuf's 2 GiB, less 256 MiB for the rest of it, which is small. */
const MOST_BYTES = 2 ** 31 - 2 ** 28;

/** Bytes of all parts that `withCuts` has to read into memory. */
export function cutBytes(cuts: ReadonlyMap<string, WeightCut>): number {
	return [...cuts.values()].reduce(
		(sum, { rows, length }) => sum + (rows === 1 ? 0 : rows * length),
		0
	);
}

/** Throws InputError where cut weights are too large to lie in a proto. */
export function checkCutsFit(cuts: ReadonlyMap<string, WeightCut>, file: string): void {
	const bytes = cutBytes(cuts);
	if (bytes <= MOST_BYTES) return;
	throw new InputError(
		`${file}: the plan cuts ${bytes} bytes out of products of q, k and v; expected at most ${MOST_BYTES}: write it with spanwise apply`
	);
}

/**
 * Initializers with those that were cut from weights in external data: where the part is in one piece, it is pointed
 * at where it lies; rows are read into memory.
 */
export async function withCuts(
	initializers: readonly TensorProto[],
	cuts: ReadonlyMap<string, WeightCut>,
	{ file, external }: OnnxModel
): Promise<TensorProto[]> {
	const made: TensorProto[] = [];
	for (const tensor of initializers) {
		const cut = cuts.get(tensor.name);
		if (cut === undefined) {
			made.push(tensor);
			continue;
		}
		const { location, offset } = placeOf(cut.source, file);
		if (cut.rows === 1) {
			const place = { location, offset: offset + cut.start, length: cut.length };
			const externalData = Object.entries(place).map(([key, value]) =>
				create(StringStringEntryProtoSchema, { key, value: String(value) })
			);
			made.push(withFields(TensorProtoSchema, tensor, { externalData }));
			continue;
		}
		const path = external.files.get(location);
		if (path === undefined) throw new Error(`${tensor.name}: ${location} vanished`);
		made.push(
			withFields(TensorProtoSchema, tensor, {
				dataLocation: DataLocation.DEFAULT,
				externalData: [],
				rawData: await readCut(path, offset, cut)
			})
		);
	}
	return made;
}

async function readCut(path: string, offset: number, cut: WeightCut): Promise<Uint8Array> {
	const handle = await open(path, 'r');
	try {
		const bytes = new Uint8Array(cut.rows * cut.length);
		for await (const { first, rows } of cutRows(handle, offset, cut))
			bytes.set(rows, first * cut.length);
		return bytes;
	} finally {
		await handle.close();
	}
}

/** The part's rows, some at a time: those from row `first` on. The weight begins at `offset` of the file. */
export async function* cutRows(
	file: FileHandle,
	offset: number,
	{ rows: count, stride, start, length }: Omit<WeightCut, 'source'>
): AsyncGenerator<{ first: number; rows: Uint8Array }> {
	const step = Math.max(1, Math.floor(PIECE_BYTES / stride));
	for (let first = 0; first < count; first += step) {
		const taken = Math.min(step, count - first);
		const bytes = await readBytes(file, offset + first * stride, taken * stride);
		const rows = new Uint8Array(taken * length);
		for (let row = 0; row < taken; row++) {
			const begin = row * stride + start;
			rows.set(bytes.subarray(begin, begin + length), row * length);
		}
		yield { first, rows };
	}
}

/** So many bytes of a file; fails where it became shorter. */
export async function readBytes(
	file: FileHandle,
	position: number,
	length: number
): Promise<Uint8Array> {
	const bytes = new Uint8Array(length);
	for (let done = 0; done < length;) {
		const { bytesRead } = await file.read(bytes, done, length - done, position + done);
		if (bytesRead === 0) throw new Error('external data became shorter while it was read');
		done += bytesRead;
	}
	return bytes;
}
