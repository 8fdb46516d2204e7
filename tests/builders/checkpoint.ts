import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseConfig } from '../../analysis/model/checkpoint/config.ts';
import { expectedTensors } from '../../analysis/model/checkpoint/fused.ts';
import type { Architecture, Dtype, ModelConfig } from '../../analysis/model/checkpoint/types.ts';
import { encodeSafetensors, type TensorSource } from './safetensors.ts';
import { TINY_TOKENIZER_SIZE, tinyTokenizer } from './tokenizer.ts';

export interface TinyCheckpoint {
	architecture?: Architecture;
	/** Keys of config.json to set; undefined leaves a key out. */
	config?: Record<string, unknown>;
	dtype?: Dtype;
	/** Number of safetensors files; more than one comes with an index. */
	shards?: number;
	seed?: number;
	/** True if the tokenizer puts a BOS before every text; by default only Qwen's does not. */
	bos?: boolean;
	/** Changes the tensors before they are written: to leave one out, misshape one, add one. */
	tensors?: (tensors: TensorSource[]) => TensorSource[];
}

const DTYPE_NAMES: Record<Dtype, string> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

/** config.json of the tiny model: 3 layers, 4 heads, 2 kv heads, hidden 32. */
export function tinyConfig(tiny: TinyCheckpoint = {}): Record<string, unknown> {
	const { architecture = 'LlamaForCausalLM', dtype = 'F32' } = tiny;
	return {
		architectures: [architecture],
		hidden_act: 'silu',
		hidden_size: 32,
		intermediate_size: 48,
		num_hidden_layers: 3,
		num_attention_heads: 4,
		num_key_value_heads: 2,
		head_dim: 8,
		max_position_embeddings: 256,
		rms_norm_eps: 1e-5,
		rope_theta: 10000,
		sliding_window: null,
		tie_word_embeddings: false,
		bos_token_id: 0,
		vocab_size: TINY_TOKENIZER_SIZE,
		torch_dtype: DTYPE_NAMES[dtype],
		...tiny.config
	};
}

/**
 * Writes a whole model folder: config.json, tokenizer.json, and weights drawn from `seed`, the same on every
 * machine. Returns the config as the engine reads it.
 */
export async function writeTinyCheckpoint(
	folder: string,
	tiny: TinyCheckpoint = {}
): Promise<ModelConfig> {
	const json = tinyConfig(tiny);
	const config = parseConfig(JSON.parse(JSON.stringify(json)), 'config.json');
	const bos = tiny.bos ?? !config.architecture.startsWith('Qwen');
	const random = uniform(tiny.seed ?? 1);
	const drawn = expectedTensors(config).map(({ name, shape }): TensorSource => ({
		name,
		shape,
		dtype: tiny.dtype ?? 'F32',
		values: drawValues(name, shape, random)
	}));
	await mkdir(folder, { recursive: true });
	await writeFile(join(folder, 'config.json'), JSON.stringify(json));
	await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tinyTokenizer(bos)));
	await writeWeights(folder, tiny.tensors?.(drawn) ?? drawn, tiny.shards ?? 1);
	return config;
}

/** The same, of a family that no row of the program's own describes: another engine may run it. */
export async function writeUnknownFamily(folder: string): Promise<void> {
	await writeTinyCheckpoint(folder);
	const json = { ...tinyConfig(), architectures: ['NewForCausalLM'], model_type: 'new' };
	await writeFile(join(folder, 'config.json'), JSON.stringify(json));
}

async function writeWeights(
	folder: string,
	tensors: readonly TensorSource[],
	shards: number
): Promise<void> {
	if (shards === 1) {
		await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(tensors));
		return;
	}
	const weightMap: Record<string, string> = {};
	for (let shard = 0; shard < shards; shard++) {
		const number = (n: number): string => String(n).padStart(5, '0');
		const file = `model-${number(shard + 1)}-of-${number(shards)}.safetensors`;
		const part = tensors.filter((_, at) => at % shards === shard);
		for (const { name } of part) weightMap[name] = file;
		await writeFile(join(folder, file), encodeSafetensors(part));
	}
	const index = { metadata: {}, weight_map: weightMap };
	await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify(index));
}

/** Norms near 1, biases near 0, matrices such that activations keep their size and attention is not flat. */
function drawValues(name: string, shape: readonly number[], random: () => number): Float32Array {
	const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
	const norm = name.includes('norm');
	const scale = shape.length === 2 ? 2 / Math.sqrt(shape[1]) : 0.3;
	for (let i = 0; i < values.length; i++) values[i] = (norm ? 1 : 0) + scale * random();
	return values;
}

/** Numbers between −1 and 1 from a seed (mulberry32, T. Ettinger). */
export function uniform(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
	};
}
