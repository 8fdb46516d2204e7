import { open } from 'node:fs/promises';
import {
	layerTensorNames,
	layerTensorShapes,
	modelTensorNames
} from '../model/checkpoint/expected.ts';
import { weightEntry } from '../model/checkpoint/entry.ts';
import type { WeightReader } from '../model/checkpoint/read.ts';
import type { Checkpoint, TensorEntry } from '../model/checkpoint/types.ts';
import type { LayerRepairs } from '../engine/repair/repairs.ts';
import type { DecoderDtype, DecoderWeight } from '../graph/decode/weights.ts';
import { rotaryTables } from '../graph/rotary.ts';
import { toHalf } from './half.ts';
import { writeAll } from './write.ts';

/** 32 MB: rows of an embedding that are in memory at once; it may be larger than all layers together. */
const PART_BYTES = 2 ** 25;

/** Sources of the weights of a decoder. */
export interface WeightOrigin {
	checkpoint: Checkpoint;
	reader: WeightReader;
	repairs: LayerRepairs;
}

/**
 * Writes the weights of a decoder one after the other into a new file, each at its place. Of matrices only one is
 * in memory, of embeddings a part. `onWritten` is called with the bytes done. Returns the bytes of the file.
 */
export async function writeWeights(
	file: string,
	weights: readonly DecoderWeight[],
	dtype: DecoderDtype,
	origin: WeightOrigin,
	onWritten: (bytes: number) => void
): Promise<number> {
	const handle = await open(file, 'wx');
	try {
		let tables: ReturnType<typeof rotaryTables> | null = null;
		for (const weight of weights) {
			let offset = weight.offset;
			const write = async (values: Float32Array): Promise<void> => {
				const bytes = encode(values, dtype, weight.name);
				await writeAll(handle, bytes, offset);
				offset += bytes.byteLength;
			};
			const { content } = weight;
			if (content.kind === 'model') {
				const names = modelTensorNames(origin.checkpoint.config);
				const name = names[content.tensor];
				if (name === null) throw new RangeError(`the model has no ${content.tensor}`);
				const entry = weightEntry(origin.checkpoint, name);
				for await (const part of rowParts(entry, origin.reader)) await write(part);
			} else if (content.kind === 'rotary') {
				const { config } = origin.checkpoint;
				tables ??= rotaryTables(config, config.maxPositions);
				await write(tables[content.table]);
			} else {
				await write(await valuesOf(weight, origin));
			}
			if (offset !== weight.offset + weight.length) {
				throw new RangeError(
					`${weight.name}: ${offset - weight.offset} bytes; ${weight.length} planned`
				);
			}
			onWritten(offset);
		}
		await handle.sync();
		return (await handle.stat()).size;
	} finally {
		await handle.close();
	}
}

/** The values of one layer's weight, in the layout of the graph. */
async function valuesOf(
	{ name, content, dims }: DecoderWeight,
	{ checkpoint, reader, repairs }: WeightOrigin
): Promise<Float32Array> {
	if (content.kind === 'repair') {
		const repair = repairs.get(content.layer)?.[content.part] ?? null;
		if (repair === null) throw new RangeError(`${name}: no repair of layer ${content.layer}`);
		return content.part === 'o' ? transpose(repair, dims[1], dims[0]) : repair;
	}
	if (content.kind !== 'layer')
		throw new RangeError(`${name}: ${content.kind} is no layer's weight`);
	const names = layerTensorNames(checkpoint.config, content.layer);
	const shapes = layerTensorShapes(checkpoint.config);
	const values = new Float32Array(dims.reduce((product, size) => product * size, 1));
	let offset = 0;
	for (const role of content.roles) {
		const tensor = names[role];
		if (tensor === undefined) throw new RangeError(`${name}: the model has no ${role}`);
		await reader.readInto(weightEntry(checkpoint, tensor), values, offset);
		offset += shapes[role].reduce((product, size) => product * size, 1);
	}
	return content.transposed ? transpose(values, dims[1], dims[0]) : values;
}

/** [rows, columns] → [columns, rows]. */
export function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
	const turned = new Float32Array(values.length);
	// In tiles that fit the processor's first cache: whole rows would fetch a cache line for every value.
	const tile = 32;
	for (let rowStart = 0; rowStart < rows; rowStart += tile) {
		const rowEnd = Math.min(rows, rowStart + tile);
		for (let columnStart = 0; columnStart < columns; columnStart += tile) {
			const columnEnd = Math.min(columns, columnStart + tile);
			for (let row = rowStart; row < rowEnd; row++) {
				for (let column = columnStart; column < columnEnd; column++) {
					turned[column * rows + row] = values[row * columns + column];
				}
			}
		}
	}
	return turned;
}

/** A tensor as float32 in parts of whole rows, in order; a part is only valid until the next is asked for. */
async function* rowParts(entry: TensorEntry, reader: WeightReader): AsyncGenerator<Float32Array> {
	const [rows = 0, columns = 1] = entry.shape;
	const rowBytes = entry.byteLength / rows;
	const most = Math.min(rows, Math.max(1, Math.floor(PART_BYTES / (4 * columns))));
	const buffer = new Float32Array(most * columns);
	for (let first = 0; first < rows; first += most) {
		const count = Math.min(most, rows - first);
		const part: TensorEntry = {
			...entry,
			shape: [count, columns],
			offset: entry.offset + first * rowBytes,
			byteLength: count * rowBytes
		};
		await reader.readInto(part, buffer, 0);
		yield buffer.subarray(0, count * columns);
	}
}

function encode(values: Float32Array, dtype: DecoderDtype, name: string): Uint8Array {
	const typed = dtype === 'fp32' ? values : toHalf(values, name);
	return new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength);
}
