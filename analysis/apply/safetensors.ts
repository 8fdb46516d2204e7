import { open, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlannedLayers } from '../engine/forward.ts';
import {
	layerTensorNames,
	layerTensorShapes,
	meanOutputName,
	needsRole,
	type LayerTensorNames
} from '../model/checkpoint/expected.ts';
import { MAX_SMALL_JSON_BYTES, parseJson, readTextFile } from '../edge/json.ts';
import { weightEntry } from '../model/checkpoint/entry.ts';
import { expectedTensors } from '../model/checkpoint/fused.ts';
import type { WeightReader } from '../model/checkpoint/read.ts';
import type { Checkpoint, TensorEntry } from '../model/checkpoint/types.ts';
import type { Plan } from '../plan/types.ts';
import { configText } from './configText.ts';
import { copyCompanions } from './copied.ts';
import { copyModeling, plannedConfig } from './modeling.ts';
import { writeAll } from './write.ts';

const CONFIG_FILE = 'config.json';
export const SAFETENSORS_FILE = 'model.safetensors';

/** Keys of config.json that say how weights are quantised. */
const QUANTISED_KEYS = ['quantization_config', 'compression_config'];

/** Data begins at a multiple of this, as the reference implementation has it. */
const ALIGNMENT = 8;
const FLOAT = 4;

/** A tensor to be written: as the checkpoint has it, float32 of a quantised one, or float32 values of the plan. */
interface Written {
	name: string;
	dtype: string;
	shape: readonly number[];
	byteLength: number;
	from: TensorEntry | Float32Array;
}

/**
 * Writes a checkpoint in Hugging Face layout without the tensors that a plan makes idle, with the plan under
 * `spanwise` in its config.json and the code that transformers runs it by, into an existing folder. Tensors keep their
 * type; refitted and quantised ones become float32, and config.json says no more that weights are quantised. Returns the
 * names of the files.
 */
export async function writeCheckpoint(
	folder: string,
	checkpoint: Checkpoint,
	reader: WeightReader,
	plan: Plan,
	planned: Required<PlannedLayers>,
	onProgress: (fraction: number) => void
): Promise<string[]> {
	const copied = await copyCompanions(checkpoint.folder, folder);
	const file = join(checkpoint.folder, CONFIG_FILE);
	const original = await readTextFile(file, MAX_SMALL_JSON_BYTES);
	const config = parseJson(original, file) as object;
	const kept = Object.entries(config).filter(([key]) => !QUANTISED_KEYS.includes(key));
	const written = {
		...Object.fromEntries(kept),
		...plannedConfig(checkpoint.config, plan, planned)
	};
	await writeFile(join(folder, CONFIG_FILE), configText(written, original));
	const code = await copyModeling(folder);
	const weights = await open(join(folder, SAFETENSORS_FILE), 'wx');
	try {
		await writeTensors(weights, tensorsOf(checkpoint, planned), reader, onProgress);
		await weights.sync();
	} finally {
		await weights.close();
	}
	return [...new Set([...copied, CONFIG_FILE, code, SAFETENSORS_FILE])];
}

/** What is left of a checkpoint under a plan, in the order of the original's names, and what the plan adds. */
function tensorsOf(checkpoint: Checkpoint, planned: Required<PlannedLayers>): Written[] {
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

async function writeTensors(
	file: FileHandle,
	tensors: readonly Written[],
	reader: WeightReader,
	onProgress: (fraction: number) => void
): Promise<void> {
	const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
	let end = 0;
	for (const { name, dtype, shape, byteLength } of tensors) {
		header[name] = { dtype, shape, data_offsets: [end, end + byteLength] };
		end += byteLength;
	}
	const text = Buffer.from(JSON.stringify(header));
	const head = Buffer.alloc(8 + Math.ceil(text.length / ALIGNMENT) * ALIGNMENT, ' ');
	head.writeBigUInt64LE(BigInt(head.length - 8));
	text.copy(head, 8);
	await writeAll(file, head, 0);
	let position = head.length;
	for (const { from } of tensors) {
		const pieces =
			from instanceof Float32Array
				? [bytesOf(from)]
				: from.quantised === undefined
					? reader.chunks(from)
					: [bytesOf(await computed(from, reader))];
		for await (const piece of pieces) {
			await writeAll(file, piece, position);
			position += piece.byteLength;
		}
		onProgress((position - head.length) / end);
	}
}

async function computed(entry: TensorEntry, reader: WeightReader): Promise<Float32Array> {
	const values = new Float32Array(entry.shape.reduce((product, size) => product * size, 1));
	await reader.readInto(entry, values, 0);
	return values;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
	return new Uint8Array(buffer, byteOffset, byteLength);
}
