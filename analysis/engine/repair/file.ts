import { createHash } from 'node:crypto';
import { sha256 } from '../../edge/seal.ts';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { LayerRepair, LayerRepairs } from './repairs.ts';
import { layerTensorNames } from '../../model/checkpoint/expected.ts';
import { WeightReader } from '../../model/checkpoint/read.ts';
import { readSafetensorsHeader } from '../../model/checkpoint/safetensors.ts';
import type { ModelConfig, TensorEntry } from '../../model/checkpoint/types.ts';
import { InputError, messageOf } from '../../errors.ts';
import type { Plan, Sources } from '../../plan/types.ts';

/** A tensor of the file, and the part of which layer's repair it is. */
interface RepairTensor {
	layer: number;
	part: keyof LayerRepair;
	name: string;
	shape: number[];
}

/** Data begins at a multiple of this, as the reference implementation has it. */
const ALIGNMENT = 8;

/**
 * Refitted weights as a safetensors file: float32, tensors by layer under the names that Hugging Face gives
 * them. The same weights make the same bytes.
 */
export function encodeRepairs(repairs: LayerRepairs, config: ModelConfig): Uint8Array {
	const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
	const parts: Uint8Array[] = [];
	let offset = 0;
	for (const layer of [...repairs.keys()].sort((a, b) => a - b)) {
		for (const part of ['o', 'bias'] as const) {
			const values = repairs.get(layer)?.[part] ?? null;
			if (values === null) continue;
			const { name, shape } = repairTensor(config, layer, part);
			const end = offset + values.byteLength;
			header[name] = { dtype: 'F32', shape, data_offsets: [offset, end] };
			parts.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
			offset = end;
		}
	}
	const text = Buffer.from(JSON.stringify(header));
	const padded = Buffer.alloc(Math.ceil(text.length / ALIGNMENT) * ALIGNMENT, ' ');
	text.copy(padded);
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt(padded.length));
	return Buffer.concat([length, padded, ...parts]);
}

/** SHA-256 of bytes as a plan names it. */
export function repairHash(bytes: Uint8Array): string {
	return sha256(bytes);
}

/**
 * The refitted weights that a plan names, from the folder in which the plan lies; null: it names none. Throws
 * InputError where the file is missing, is not the one that the plan was stored with, or does not hold exactly
 * the tensors that the plan's followers and dropped layers need.
 */
export async function readRepairs(
	folder: string,
	plan: Pick<Plan, 'repair' | 'sources'>,
	config: ModelConfig
): Promise<LayerRepairs | null> {
	const found = await findRepairs(folder, plan, config);
	if (found === null) return null;
	const repairs = new Map<number, LayerRepair>();
	const reader = new WeightReader();
	try {
		for (const { layer, part, shape, entry } of found) {
			const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
			await reader.readInto(entry, values, 0);
			repairs.set(layer, { o: null, bias: null, [part]: values });
		}
	} finally {
		await reader.close();
	}
	return repairs;
}

/**
 * Finds the tensors of the refitted weights that a plan names, in their file; null: it names none. Throws InputError as
 * `readRepairs`.
 */
export async function findRepairs(
	folder: string,
	{ repair, sources }: Pick<Plan, 'repair' | 'sources'>,
	config: ModelConfig
): Promise<(RepairTensor & { entry: TensorEntry })[] | null> {
	if (repair === null) return null;
	const file = join(folder, repair.file);
	const hash = await fileHash(file);
	if (hash !== repair.sha256) {
		throw new InputError(
			`${file}: SHA-256 ${hash}; the plan's refitted weights have ${repair.sha256}`
		);
	}
	return tensorsIn(file, await readSafetensorsHeader(file), tensorsOf(sources, config));
}

/** The tensors of a repair of every follower and every dropped layer. */
function tensorsOf(sources: Sources, config: ModelConfig): RepairTensor[] {
	return sources.flatMap((source, layer) =>
		source === layer ? [] : [repairTensor(config, layer, source === null ? 'bias' : 'o')]
	);
}

function repairTensor(config: ModelConfig, layer: number, part: keyof LayerRepair): RepairTensor {
	const { hidden, heads, headDim } = config;
	const { o } = layerTensorNames(config, layer);
	return part === 'o'
		? { layer, part, name: o, shape: [hidden, heads * headDim] }
		: { layer, part, name: o.replace(/weight$/, 'bias'), shape: [hidden] };
}

/** Each of the tensors wanted, and its entry in the file; throws InputError where these are not exactly the file's. */
function tensorsIn(
	file: string,
	entries: readonly TensorEntry[],
	wanted: readonly RepairTensor[]
): (RepairTensor & { entry: TensorEntry })[] {
	const byName = new Map(entries.map((entry) => [entry.name, entry]));
	const found = wanted.map((tensor) => {
		const { name, shape } = tensor;
		const entry = byName.get(name);
		if (entry === undefined) throw new InputError(`${file}: no tensor ${name}; the plan needs it`);
		if (entry.dtype !== 'F32' || entry.shape.join() !== shape.join()) {
			throw new InputError(
				`${file}: ${name}: ${entry.dtype} [${entry.shape.join(', ')}]; expected F32 [${shape.join(', ')}]`
			);
		}
		return { ...tensor, entry };
	});
	const known = new Set(wanted.map(({ name }) => name));
	for (const { name } of entries) {
		if (known.has(name)) continue;
		throw new InputError(
			`${file}: tensor ${name}: no layer of the plan takes it; allowed: o_proj.weight of followers, o_proj.bias of dropped layers`
		);
	}
	return found;
}

/** Piece by piece: the file may be larger than what is worth holding twice. */
async function fileHash(file: string): Promise<string> {
	const hash = createHash('sha256');
	try {
		for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
	} catch (error) {
		throw new InputError(
			`${file}: the plan's refitted weights cannot be read: ${messageOf(error)}`,
			{
				cause: error
			}
		);
	}
	return hash.digest('hex');
}
