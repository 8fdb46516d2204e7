import { open, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlannedLayers } from '../engine/forward.ts';
import { MAX_SMALL_JSON_BYTES, parseJson, readTextFile } from '../edge/json.ts';
import type { WeightReader } from '../model/checkpoint/read.ts';
import type { Checkpoint } from '../model/checkpoint/types.ts';
import type { Plan } from '../plan/types.ts';
import { configText } from './configText.ts';
import { copyCompanions } from './copied.ts';
import { bytesOf, keptTensors, type Written } from './kept.ts';
import { copyModeling, plannedConfig } from './modeling.ts';
import { writeAll } from './write.ts';

const CONFIG_FILE = 'config.json';
export const SAFETENSORS_FILE = 'model.safetensors';

/** Keys of config.json that say how weights are quantised, and of which type the others are. */
const QUANTISED_KEYS = ['quantization_config', 'compression_config'];
const DTYPE_KEYS = ['torch_dtype', 'dtype'];

/** Data begins at a multiple of this, as the reference implementation has it. */
const ALIGNMENT = 8;

/**
 * Writes a checkpoint in Hugging Face layout without the tensors that a plan makes idle, with the plan under
 * `spanwise` in its config.json and the code that transformers runs it by, into an existing folder. Tensors keep their
 * type; refitted and quantised ones become float32. config.json says so of a quantised checkpoint, or transformers would
 * round them to the type of the others as it loads. Returns the names of the files.
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
	const quantised = checkpoint.config.quantisation !== null;
	const changed = quantised ? [...QUANTISED_KEYS, ...DTYPE_KEYS] : QUANTISED_KEYS;
	const kept = Object.entries(config).filter(([key]) => !changed.includes(key));
	const written = {
		...Object.fromEntries(kept),
		...(quantised && { dtype: 'float32' }),
		...plannedConfig(checkpoint.config, plan, planned)
	};
	await writeFile(join(folder, CONFIG_FILE), configText(written, original));
	const code = await copyModeling(folder);
	const weights = await open(join(folder, SAFETENSORS_FILE), 'wx');
	try {
		await writeTensors(weights, keptTensors(checkpoint, planned), reader, onProgress);
		await weights.sync();
	} finally {
		await weights.close();
	}
	return [...new Set([...copied, CONFIG_FILE, code, SAFETENSORS_FILE])];
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
		for await (const piece of bytesOf(from, reader)) {
			await writeAll(file, piece, position);
			position += piece.byteLength;
		}
		onProgress((position - head.length) / end);
	}
}
