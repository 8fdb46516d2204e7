import type { PlannedLayers } from '../engine/forward.ts';
import type { LayerRepair } from '../engine/repair/repairs.ts';
import { weightEntry } from '../model/checkpoint/entry.ts';
import {
	layerTensorShapes,
	meanOutputName,
	outputProjection
} from '../model/checkpoint/expected.ts';
import { quantisedMatrices } from '../model/checkpoint/experts.ts';
import { expectedTensors } from '../model/checkpoint/fused.ts';
import { COMPUTED } from '../model/checkpoint/named.ts';
import { pickedBytes } from '../model/checkpoint/pick.ts';
import type { WeightReader } from '../model/checkpoint/read.ts';
import type {
	Checkpoint,
	ModelConfig,
	QuantisedWeight,
	TensorEntry
} from '../model/checkpoint/types.ts';
import { transpose } from './weightsFile.ts';

const FLOAT = 4;

/** A tensor of all experts is [experts, inputs, outputs]. */
const EXPERT_DIMENSIONS = 3;

/** A tensor to be written: as the checkpoint has it, float32 of a quantised one, or float32 values of the plan. */
export interface Written {
	name: string;
	dtype: string;
	shape: readonly number[];
	byteLength: number;
	from: TensorEntry | Float32Array;
}

/** Returns the tensors of a checkpoint that a plan keeps, and those that it adds, sorted by name. */
export function keptTensors(checkpoint: Checkpoint, planned: Required<PlannedLayers>): Written[] {
	const { config } = checkpoint;
	const { sources, headMaps, repairs } = planned;
	const needed = namesOf({ ...config, shared: { sources, headMaps } });
	const idle = new Set([...namesOf(config)].filter((name) => !needed.has(name)));
	for (const [layer, source] of sources.entries()) {
		if (source === null) idle.add(meanOutputName(config, layer));
	}
	const kept = new Map<string, Written>();
	for (const name of [...plainNames(checkpoint), ...needed]) {
		if (!idle.has(name)) kept.set(name, storedTensor(name, weightEntry(checkpoint, name)));
	}
	for (const [layer, repair] of repairs) {
		for (const each of refitted(config, layer, repair)) kept.set(each.name, each);
	}
	return [...kept].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

function namesOf(config: ModelConfig): Set<string> {
	return new Set(expectedTensors(config).map(({ name }) => name));
}

function storedTensor(name: string, entry: TensorEntry): Written {
	const { dtype, shape, byteLength, quantised, pick } = entry;
	if (quantised !== undefined) return floats(name, shape, entry);
	const bytes = pick === undefined ? byteLength : pickedBytes(entry, pick);
	return { name, dtype, shape, byteLength: bytes, from: entry };
}

/** A layer's refitted projection, as its family stores it, and mean output. */
function refitted(config: ModelConfig, layer: number, { o, bias }: LayerRepair): Written[] {
	const tensors: Written[] = [];
	if (o !== null) {
		const { name, turned } = outputProjection(config, layer);
		const [outputs, inputs] = layerTensorShapes(config).o;
		const shape = turned ? [inputs, outputs] : [outputs, inputs];
		const values = turned ? transpose(o, outputs, inputs) : o;
		tensors.push(floats(`${name}.weight`, shape, values));
	}
	if (bias !== null) tensors.push(floats(meanOutputName(config, layer), [config.hidden], bias));
	return tensors;
}

function floats(name: string, shape: readonly number[], from: Written['from']): Written {
	const elements = shape.reduce((product, size) => product * size, 1);
	return { name, dtype: 'F32', shape, byteLength: FLOAT * elements, from };
}

/**
 * Names of all tensors of a checkpoint but computed ones; of a quantised one those of its weights in place of what they are
 * computed from, and what the engine reads alone.
 */
function plainNames({ config, tensors }: Checkpoint): Iterable<string> {
	if (config.quantisation !== null) return namesOf(config);
	return [...tensors.keys()].filter((name) => !COMPUTED.test(name));
}

/**
 * The bytes of a tensor to be written, a few MiB at a time, or a matrix of what is quantised; a piece is only valid until the
 * next is asked for.
 */
export async function* bytesOf(
	from: Written['from'],
	reader: WeightReader
): AsyncGenerator<Uint8Array> {
	if (from instanceof Float32Array) yield rawBytes(from);
	else if (from.quantised !== undefined && from.shape.length === EXPERT_DIMENSIONS)
		yield* floatsOfExperts(from, from.quantised, reader);
	else if (from.quantised !== undefined) yield rawBytes(await floatsOf(from, reader));
	else if (from.pick === undefined) yield* reader.chunks(from);
	else {
		const bytes = await reader.read(from);
		yield bytes;
		reader.release(bytes);
	}
}

/** A quantised tensor [experts, inputs, outputs] as float32, expert by expert: all of a layer's may take 8 GB. */
async function* floatsOfExperts(
	whole: TensorEntry,
	quantised: QuantisedWeight,
	reader: WeightReader
): AsyncGenerator<Uint8Array> {
	for (const matrix of quantisedMatrices(whole, quantised)) {
		const [outputs, inputs] = matrix.shape;
		yield rawBytes(transpose(await floatsOf(matrix, reader), outputs, inputs));
	}
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
