import { join } from 'node:path';
import * as v from 'valibot';
import { exists } from '../model/checkpoint/files.ts';
import { readJsonFile } from '../edge/json.ts';
import { parseOrNull } from '../edge/parse.ts';
import type { Checkpoint } from '../model/checkpoint/types.ts';
import { requireDecoder, type DecoderArchitecture } from '../model/checkpoint/writable.ts';

/** Names of the supported architectures in onnxruntime-genai (`model.type`). */
const MODEL_TYPES: Record<DecoderArchitecture, string> = {
	LlamaForCausalLM: 'llama',
	MistralForCausalLM: 'mistral',
	Qwen2ForCausalLM: 'qwen2',
	Qwen3ForCausalLM: 'qwen3'
};

const tokenId = v.pipe(v.number(), v.integer(), v.minValue(0));
const idsSchema = v.object({
	eos_token_id: v.nullish(v.union([tokenId, v.array(tokenId)])),
	pad_token_id: v.nullish(tokenId)
});

/**
 * genai_config.json of a decoder in `file`, relative to its folder, with the keys that onnxruntime-genai's model builder writes. A
 * cache that is written in place, past and present sharing a buffer, is only for a model of which every layer has keys
 * and values and GroupQueryAttention: what appends to a cache puts out another.
 */
export async function genaiConfig(
	checkpoint: Checkpoint,
	file: string,
	inPlace: boolean
): Promise<Record<string, unknown>> {
	const { config, name } = checkpoint;
	requireDecoder(name, config);
	const { eos, pad } = await specialIds(checkpoint.folder);
	const [key, value] = ['key', 'value'].map((part) => ({
		past: `past_key_values.%d.${part}`,
		present: `present.%d.${part}`
	}));
	return {
		model: {
			...(config.bosId !== null && { bos_token_id: config.bosId }),
			context_length: config.maxPositions,
			decoder: {
				session_options: { log_id: 'onnxruntime-genai', provider_options: [] },
				filename: file,
				head_size: config.headDim,
				hidden_size: config.hidden,
				inputs: {
					input_ids: 'input_ids',
					attention_mask: 'attention_mask',
					position_ids: 'position_ids',
					past_key_names: key.past,
					past_value_names: value.past
				},
				outputs: {
					logits: 'logits',
					present_key_names: key.present,
					present_value_names: value.present
				},
				num_attention_heads: config.heads,
				num_hidden_layers: config.layers,
				num_key_value_heads: config.kvHeads
			},
			...(eos !== null && { eos_token_id: eos }),
			...(pad !== null && { pad_token_id: pad }),
			type: MODEL_TYPES[config.architecture],
			vocab_size: config.vocab
		},
		search: {
			diversity_penalty: 0,
			do_sample: false,
			early_stopping: true,
			length_penalty: 1,
			max_length: config.maxPositions,
			min_length: 0,
			no_repeat_ngram_size: 0,
			num_beams: 1,
			num_return_sequences: 1,
			past_present_share_buffer: inPlace,
			repetition_penalty: 1,
			temperature: 1,
			top_k: 1,
			top_p: 1
		}
	};
}

/** Ids of end and padding: of generation_config.json where it has them, else of config.json. */
export async function specialIds(
	folder: string
): Promise<{ eos: number | number[] | null; pad: number | null }> {
	let eos: number | number[] | null = null;
	let pad: number | null = null;
	for (const name of ['config.json', 'generation_config.json']) {
		const file = join(folder, name);
		if (!(await exists(file))) continue;
		const parsed = parseOrNull(idsSchema, await readJsonFile(file));
		if (parsed === null) continue;
		eos = parsed.eos_token_id ?? eos;
		pad = parsed.pad_token_id ?? pad;
	}
	// As the model builder does where a model has no padding: its first end.
	return { eos, pad: pad ?? (Array.isArray(eos) ? eos[0] : eos) };
}
