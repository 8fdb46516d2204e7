import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { openCheckpoint } from '../../analysis/model/checkpoint/open.ts';
import { WeightReader } from '../../analysis/model/checkpoint/read.ts';
import type { GgufTensorBytes, GgufValue } from './gguf.ts';

const NAMES: Readonly<Record<string, string>> = {
	input_layernorm: 'attn_norm',
	'self_attn.q_proj': 'attn_q',
	'self_attn.k_proj': 'attn_k',
	'self_attn.v_proj': 'attn_v',
	'self_attn.q_norm': 'attn_q_norm',
	'self_attn.k_norm': 'attn_k_norm',
	'self_attn.o_proj': 'attn_output',
	post_attention_layernorm: 'ffn_norm',
	'mlp.gate_proj': 'ffn_gate',
	'mlp.up_proj': 'ffn_up',
	'mlp.down_proj': 'ffn_down'
};
/** Gemma 2 and 3 have norms after attention and MLP too. */
const FOUR_NORMS: Readonly<Record<string, string>> = {
	...NAMES,
	post_attention_layernorm: 'post_attention_norm',
	pre_feedforward_layernorm: 'ffn_norm',
	post_feedforward_layernorm: 'post_ffw_norm'
};
/** By transformers' name: how llama.cpp names an architecture. */
const ARCHITECTURES: Readonly<Record<string, string | undefined>> = {
	LlamaForCausalLM: 'llama',
	GemmaForCausalLM: 'gemma',
	Gemma2ForCausalLM: 'gemma2',
	Gemma3ForCausalLM: 'gemma3'
};
const OUTSIDE: Readonly<Record<string, string>> = {
	'model.embed_tokens.weight': 'token_embd.weight',
	'model.norm.weight': 'output_norm.weight',
	'lm_head.weight': 'output.weight'
};
const F32 = 0;

const tokenizerSchema = v.looseObject({
	added_tokens: v.array(v.looseObject({ id: v.number(), content: v.string() })),
	model: v.looseObject({
		vocab: v.record(v.string(), v.number()),
		merges: v.array(v.tuple([v.string(), v.string()]))
	})
});

/** Converts a checkpoint of Llama or Gemma as llama.cpp does, to float32. Returns metadata and tensors of the GGUF. */
export async function ggufOf(folder: string, pre: 'llama-bpe' | 'sentencepiece') {
	const checkpoint = await openCheckpoint(folder);
	const { config } = checkpoint;
	const name = ARCHITECTURES[config.architecture] ?? 'llama';
	const reader = new WeightReader();
	const tensors: GgufTensorBytes[] = [];
	for (const entry of checkpoint.tensors.values()) {
		const values = new Float32Array(entry.shape.reduce((product, size) => product * size, 1));
		await reader.readInto(entry, values, 0);
		// Gemma's norms are stored as they are multiplied with.
		if (name !== 'llama' && entry.name.endsWith('norm.weight')) {
			for (const at of values.keys()) values[at] += 1;
		}
		const heads = /q_proj/.test(entry.name)
			? config.heads
			: /k_proj/.test(entry.name)
				? config.kvHeads
				: 0;
		const stored =
			heads === 0 || name !== 'llama' ? values : interleaved(values, entry.shape, heads);
		tensors.push({
			name: ggufName(entry.name, /^gemma[23]$/.test(name) ? FOUR_NORMS : NAMES),
			type: F32,
			shape: entry.shape,
			bytes: new Uint8Array(stored.buffer)
		});
	}
	await reader.close();
	const [{ theta, scaling }] = config.rotaries;
	const said: Record<string, GgufValue> = {
		context_length: { u32: config.maxPositions },
		embedding_length: { u32: config.hidden },
		block_count: { u32: config.layers },
		feed_forward_length: { u32: config.intermediate },
		'attention.head_count': { u32: config.heads },
		'attention.head_count_kv': { u32: config.kvHeads },
		'attention.layer_norm_rms_epsilon': { f32: config.normEps },
		'rope.freq_base': { f32: theta },
		...(name === 'llama'
			? { 'rope.dimension_count': { u32: config.headDim } }
			: {
					'attention.key_length': { u32: config.headDim },
					'attention.value_length': { u32: config.headDim }
				}),
		...(scaling.type === 'linear' && {
			'rope.scaling.type': { text: 'linear' },
			'rope.scaling.factor': { f32: scaling.factor }
		}),
		...optional('attention.sliding_window', 'u32', Math.max(...config.slidingWindows.map(Number))),
		...optional('attn_logit_softcapping', 'f32', config.scales.scoreCap),
		...optional('final_logit_softcapping', 'f32', config.scales.logitCap)
	};
	const metadata: Record<string, GgufValue> = {
		'general.architecture': { text: name },
		'general.name': { text: 'a model' },
		...Object.fromEntries(Object.entries(said).map(([key, value]) => [`${name}.${key}`, value])),
		...(await tokenizerMetadata(folder, pre))
	};
	return { metadata, tensors };
}

/** An entry of the metadata; none where there is no such number. */
function optional(
	key: string,
	type: 'u32' | 'f32',
	value: number | null
): Record<string, GgufValue> {
	if (value === null || value === 0) return {};
	return { [key]: type === 'u32' ? { u32: value } : { f32: value } };
}

function ggufName(name: string, names: Readonly<Record<string, string>>): string {
	if (name in OUTSIDE) return OUTSIDE[name];
	const [, layer, part, kind] = /^model\.layers\.(\d+)\.(.+)\.(weight|bias)$/.exec(name) ?? [];
	return `blk.${layer}.${names[part]}.${kind}`;
}

/** `permute` of llama.cpp's converter: rows [heads, 2, pairs] as [heads, pairs, 2]. */
function interleaved(values: Float32Array, shape: readonly number[], heads: number): Float32Array {
	const columns = shape[1] ?? 1;
	const pairs = shape[0] / heads / 2;
	const stored = new Float32Array(values.length);
	for (let row = 0; row < shape[0]; row++) {
		const head = Math.floor(row / (2 * pairs));
		const [half, pair] = [Math.floor((row % (2 * pairs)) / pairs), row % pairs];
		const to = head * 2 * pairs + 2 * pair + half;
		stored.set(values.subarray(row * columns, (row + 1) * columns), to * columns);
	}
	return stored;
}

async function tokenizerMetadata(
	folder: string,
	pre: 'llama-bpe' | 'sentencepiece'
): Promise<Record<string, GgufValue>> {
	const text = await readFile(join(folder, 'tokenizer.json'), 'utf8');
	const { added_tokens, model } = v.parse(tokenizerSchema, JSON.parse(text));
	const tokens = Object.keys(model.vocab).sort((a, b) => model.vocab[a] - model.vocab[b]);
	const added = new Set(added_tokens.map(({ content }) => content));
	const rank = new Map(model.merges.map(([left, right], index) => [left + right, index]));
	const types = tokens.map((token) =>
		token === '<unk>' ? 2 : added.has(token) ? 3 : /^<0x..>$/.test(token) ? 6 : 1
	);
	const common = {
		'tokenizer.ggml.tokens': { texts: tokens },
		'tokenizer.ggml.token_type': { i32s: types },
		'tokenizer.ggml.bos_token_id': { u32: pre === 'llama-bpe' ? 0 : 1 },
		'tokenizer.ggml.add_bos_token': { bool: true }
	};
	if (pre === 'llama-bpe') {
		return {
			...common,
			'tokenizer.ggml.model': { text: 'gpt2' },
			'tokenizer.ggml.pre': { text: 'llama-bpe' },
			'tokenizer.ggml.merges': { texts: model.merges.map((pair) => pair.join(' ')) }
		};
	}
	return {
		...common,
		'tokenizer.ggml.model': { text: 'llama' },
		'tokenizer.ggml.scores': {
			f32s: tokens.map((token) => -(rank.get(token) ?? (added.has(token) ? 0 : 1e6)))
		}
	};
}
