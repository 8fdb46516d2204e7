import type { PlannedLayers } from '../engine/forward.ts';
import { weightEntry } from '../model/checkpoint/entry.ts';
import {
	layerTensorNames,
	layerTensorShapes,
	meanOutputName,
	needsRole,
	type LayerTensorNames
} from '../model/checkpoint/expected.ts';
import { expectedTensors } from '../model/checkpoint/fused.ts';
import type { WeightReader } from '../model/checkpoint/read.ts';
import type { Checkpoint, TensorEntry } from '../model/checkpoint/types.ts';

const FLOAT = 4;

/** A tensor to be written: as the checkpoint has it, float32 of a quantised one, or float32 values of the plan. */
export interface Written {
	name: string;
	dtype: string;
	shape: readonly number[];
	byteLength: number;
	from: TensorEntry | Float32Array;
}

/** What is left of a checkpoint under a plan, in the order of the original's names, and what the plan adds. */
export function keptTensors(checkpoint: Checkpoint, planned: Required<PlannedLayers>): Written[] {
	const { config } = checkpoint;
	const shapes = layerTensorShapes(config);
	const roles = Object.keys(shapes) as (keyof LayerTensorNames)[];
	const idle = new Set<string>();
	const refitted = new Map<string, Float32Array>();
	for (const [layer, source] of planned.sources.entries()) {
		const names = layerTensorNames(config, layer);
		for (const role of roles) {
			const name = names[role];
			if (name !== undefined && !needsRole(role, layer, source)) idle.add(name);
		}
		const repair = planned.repairs.get(layer);
		if (repair?.o) refitted.set(names.o, repair.o);
		if (source === null) idle.add(meanOutputName(layer));
		if (repair?.bias) refitted.set(meanOutputName(layer), repair.bias);
	}
	const weights = plainWeights(checkpoint);
	const names = [...new Set([...weights.keys(), ...refitted.keys()])].sort();
	return names.flatMap((name): Written[] => {
		const values = refitted.get(name);
		const entry = weights.get(name);
		if (values !== undefined) {
			const shape = values.length === config.hidden ? [config.hidden] : shapes.o;
			return [{ name, dtype: 'F32', shape, byteLength: values.byteLength, from: values }];
		}
		if (entry === undefined || idle.has(name)) return [];
		const { dtype, shape, byteLength, quantised } = entry;
		if (quantised !== undefined) {
			const elements = shape.reduce((product, size) => product * size, 1);
			return [{ name, dtype: 'F32', shape, byteLength: FLOAT * elements, from: entry }];
		}
		return [{ name, dtype, shape, byteLength, from: entry }];
	});
}

/**
 * All tensors of a checkpoint; of a quantised one its weights in place of what they are computed from, and what the engine
 * reads alone.
 */
function plainWeights(checkpoint: Checkpoint): ReadonlyMap<string, TensorEntry> {
	const { config, tensors } = checkpoint;
	if (config.quantisation === null) return tensors;
	return new Map(
		expectedTensors(config).map(({ name }) => [name, weightEntry(checkpoint, name)] as const)
	);
}

/** The bytes of a tensor to be written, a few MiB at a time; a piece is only valid until the next is asked for. */
export async function* bytesOf(
	from: Written['from'],
	reader: WeightReader
): AsyncGenerator<Uint8Array> {
	if (from instanceof Float32Array) yield rawBytes(from);
	else if (from.quantised === undefined) yield* reader.chunks(from);
	else yield rawBytes(await floatsOf(from, reader));
}

/** A tensor of the checkpoint as float32. */
export async function floatsOf(entry: TensorEntry, reader: WeightReader): Promise<Float32Array> {
	const values = new Float32Array(entry.shape.reduce((product, size) => product * size, 1));
	await reader.readInto(entry, values, 0);
	return values;
}

export function rawBytes({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
	return new Uint8Array(buffer, byteOffset, byteLength);
}
