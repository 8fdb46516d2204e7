import { copyFile, mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseConfig } from '../analysis/model/checkpoint/config.ts';
import { expectedTensors } from '../analysis/model/checkpoint/fused.ts';

/** A checkpoint of a given shape with random weights: the time a model takes does not depend on what it knows. */
export interface MadeUp {
	name: string;
	layers: number;
	hidden: number;
	heads: number;
	kvHeads: number;
	intermediate: number;
	vocab: number;
}

export const WIDE: MadeUp = {
	name: 'made-up-wide',
	layers: 12,
	hidden: 768,
	heads: 12,
	kvHeads: 12,
	intermediate: 2048,
	vocab: 8192
};

export const TINYLLAMA_SHAPE: MadeUp = {
	name: 'made-up-tinyllama',
	layers: 22,
	hidden: 2048,
	heads: 32,
	kvHeads: 4,
	intermediate: 5632,
	vocab: 32000
};

/**
 * Random bfloat16 values come from a block of this many, written again and again: a prime, so that no two matrices are
 * equal, of which onnxruntime could keep one.
 */
const BLOCK_ELEMENTS = 1_000_003;

/** Writes the checkpoint, with the tokenizer of a bundled model, in `folder`; returns its folder. */
export async function writeMadeUp(folder: string, shape: MadeUp, root: string): Promise<string> {
	const target = join(folder, shape.name);
	await mkdir(target, { recursive: true });
	const json = {
		architectures: ['LlamaForCausalLM'],
		model_type: 'llama',
		hidden_act: 'silu',
		hidden_size: shape.hidden,
		intermediate_size: shape.intermediate,
		num_hidden_layers: shape.layers,
		num_attention_heads: shape.heads,
		num_key_value_heads: shape.kvHeads,
		max_position_embeddings: 2048,
		rms_norm_eps: 1e-5,
		rope_theta: 10000,
		tie_word_embeddings: false,
		vocab_size: shape.vocab,
		torch_dtype: 'bfloat16',
		bos_token_id: 1
	};
	await writeFile(join(target, 'config.json'), JSON.stringify(json));
	for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
		await copyFile(join(root, 'models', 'mini-llama2', file), join(target, file));
	}
	await writeWeights(join(target, 'model.safetensors'), parseConfig(json, shape.name));
	return target;
}

async function writeWeights(file: string, config: ReturnType<typeof parseConfig>): Promise<void> {
	const header: Record<string, unknown> = {};
	let end = 0;
	for (const { name, shape } of expectedTensors(config)) {
		const bytes = 2 * shape.reduce((product, size) => product * size, 1);
		header[name] = { dtype: 'BF16', shape, data_offsets: [end, end + bytes] };
		end += bytes;
	}
	const text = Buffer.from(JSON.stringify(header));
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt(text.length));
	const block = randomBlock();
	const out = await open(file, 'w');
	try {
		await out.write(length);
		await out.write(text);
		for (let written = 0; written < end; written += block.length) {
			await out.write(block, 0, Math.min(block.length, end - written));
		}
	} finally {
		await out.close();
	}
}

/** Bfloat16 values between −0.03 and 0.03, the size of trained weights: sign, exponent and fraction at random. */
function randomBlock(): Buffer {
	const block = Buffer.alloc(2 * BLOCK_ELEMENTS);
	let state = 1;
	for (let element = 0; element < BLOCK_ELEMENTS; element++) {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		const value = new Float32Array([(state / 2 ** 32 - 0.5) * 0.06]);
		block.writeUInt16LE(new Uint32Array(value.buffer)[0] >>> 16, 2 * element);
	}
	return block;
}
