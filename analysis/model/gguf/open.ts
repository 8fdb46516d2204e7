import { basename } from 'node:path';
import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import { meanOutputName } from '../checkpoint/expected.ts';
import { nameTensors } from '../checkpoint/named.ts';
import type { Checkpoint, ModelConfig, TensorEntry } from '../checkpoint/types.ts';
import { isWeightDtype, widen } from '../checkpoint/widen.ts';
import { WeightReader } from '../checkpoint/read.ts';
import { ggufConfig } from './config.ts';
import { readGgufHeader, type GgufTensor } from './header.ts';
import { Metadata } from './metadata.ts';
import { transformersName } from './names.ts';

/** Divisors of the rotary frequencies, which llama3's scaling comes to. */
const ROPE_FACTORS = 'rope_freqs.weight';
/** Architectures whose q and k have their rotary pairs side by side. */
const INTERLEAVED = ['llama', 'deci'];
/** Architectures with norms before and after attention and MLP. */
const FOUR_NORMED = ['gemma2', 'gemma3'];
/** llama.cpp's names of a model in several files. */
const PART = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/;

/**
 * Opens a GGUF file, of which only the header is read, as the checkpoint that it was made from: tensors under their
 * names in transformers, quantised ones to be dequantised as they are read. Throws InputError that says what is wrong.
 */
export async function openGguf(file: string): Promise<Checkpoint> {
	const where = quoted(file);
	const found = new Map<string, TensorEntry>();
	const named = new Map<string, GgufTensor>();
	let metadata: Metadata | null = null;
	let architecture = '';
	for (const part of partsOf(file)) {
		const header = await readGgufHeader(part);
		metadata ??= new Metadata(header.metadata, where);
		architecture = metadata.text('general.architecture') ?? '';
		for (const tensor of header.tensors) {
			named.set(tensor.name, tensor);
			const name = transformersName(tensor.name, FOUR_NORMED.includes(architecture));
			found.set(name, {
				name,
				dtype: tensor.dtype,
				shape: tensor.shape,
				file: part,
				offset: tensor.offset,
				byteLength: tensor.byteLength ?? 0
			});
		}
	}
	if (metadata === null) throw new InputError(`${where}: no such file`);
	const said = ggufConfig(metadata, named, where);
	if (INTERLEAVED.includes(architecture)) undoInterleaving(found, said);
	if (architecture === 'deci') renameMeanOutputs(found, said);
	const factors = found.get(ROPE_FACTORS);
	found.delete(ROPE_FACTORS);
	const { config, ...rest } = nameTensors(found, said, file);
	return {
		folder: file,
		name: nameOf(file, metadata),
		config: factors === undefined ? config : await withFactors(config, factors, where),
		...rest
	};
}

/** Returns true if a file is named as GGUF files are; of one in parts, true for the first alone. */
export function isGgufName(name: string): boolean {
	return name.endsWith('.gguf') && (PART.exec(name)?.[2] ?? '00001') === '00001';
}

/** A model's name for people, by its file's. */
export function ggufName(file: string): string {
	return PART.exec(basename(file))?.[1] ?? basename(file, '.gguf');
}

/** The file's name; what the file says of itself where its name says nothing, as in Ollama's store. */
function nameOf(file: string, metadata: Metadata): string {
	const name = basename(file);
	if (name.endsWith('.gguf')) return ggufName(name);
	return metadata.text('general.name') ?? name;
}

/** All files of a model that llama.cpp split, in order. */
function partsOf(file: string): string[] {
	const part = PART.exec(file);
	if (part === null) return [file];
	const count = Number(part[3]);
	return Array.from(
		{ length: count },
		(_, index) => `${part[1]}-${String(index + 1).padStart(5, '0')}-of-${part[3]}.gguf`
	);
}

/**
 * llama.cpp stores the rows of q and k of the architectures above in another order than transformers: both halves of
 * a head's rotary pairs alternate (convert_hf_to_gguf.py, `permute`).
 */
function undoInterleaving(
	found: Map<string, TensorEntry>,
	{ layers, heads, kvHeads }: ModelConfig
) {
	for (let layer = 0; layer < layers; layer++) {
		for (const [part, count] of [
			['q_proj', heads],
			['k_proj', kvHeads]
		] as const) {
			for (const kind of ['weight', 'bias']) {
				const entry = found.get(`model.layers.${layer}.self_attn.${part}.${kind}`);
				if (entry !== undefined) entry.interleavedHeads = count;
			}
		}
	}
}

/**
 * Renames what a layer without attention adds in its place. The file has it as the bias of the MLP before it, since
 * deci has no other place for it; see `apply/gguf/tensors.ts`.
 */
function renameMeanOutputs(found: Map<string, TensorEntry>, config: ModelConfig): void {
	const { shared, mlpBias } = config;
	if (mlpBias) return;
	for (const [layer, source] of (shared?.sources ?? []).entries()) {
		const before = `model.layers.${layer - 1}.mlp.down_proj.bias`;
		const entry = found.get(before);
		if (source !== null || entry === undefined) continue;
		found.delete(before);
		const name = meanOutputName(config, layer);
		found.set(name, { ...entry, name });
	}
}

/** The config with the divisors of the rotary frequencies, [headDim / 2], that the file has as a tensor. */
async function withFactors(
	config: ModelConfig,
	factors: TensorEntry,
	where: string
): Promise<ModelConfig> {
	const divisors = new Float32Array(config.headDim / 2);
	if (factors.shape.join() !== String(divisors.length) || !isWeightDtype(factors.dtype)) {
		throw new InputError(
			`${where}: ${ROPE_FACTORS} is ${factors.dtype} [${factors.shape.join(', ')}]; expected F32 [${divisors.length}]`
		);
	}
	const reader = new WeightReader();
	try {
		widen(await reader.read(factors), factors.dtype, divisors, 0);
	} finally {
		await reader.close();
	}
	if (!divisors.every((divisor) => Number.isFinite(divisor) && divisor > 0)) {
		throw new InputError(`${where}: ${ROPE_FACTORS} has a value that is not a positive number`);
	}
	const scaling = { type: 'divided', divisors: Array.from(divisors) } as const;
	return { ...config, rotaries: config.rotaries.map(({ theta }) => ({ theta, scaling })) };
}
