import { tinyConfig } from '../../builders/checkpoint.ts';
import { mutateJson } from '../mutateJson.ts';
import { Random } from '../random.ts';

/** A config.json and what was changed in it. */
export interface ConfigMutant {
	change: string;
	config: Record<string, unknown>;
}

/** Content of config.json of the unchanged model. */
export const CONFIG = tinyConfig({ config: { model_type: 'llama' } });

const LLAMA3_ROPE = {
	rope_type: 'llama3',
	factor: 8,
	low_freq_factor: 1,
	high_freq_factor: 4,
	original_max_position_embeddings: 16
};

/** Values that files in use have, and some that none should. */
const SETTINGS: readonly (readonly [string, unknown])[] = [
	['rope_theta', 500000],
	['rope_scaling', { type: 'linear', factor: 2 }],
	['rope_scaling', { rope_type: 'linear', factor: 0 }],
	['rope_scaling', { rope_type: 'dynamic', factor: 2 }],
	['rope_scaling', { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 64 }],
	['rope_scaling', LLAMA3_ROPE],
	['rope_scaling', { rope_type: 'nonsense', factor: 2 }],
	['rope_parameters', { rope_type: 'default', rope_theta: 5000 }],
	['rope_parameters', { ...LLAMA3_ROPE, rope_theta: 20000 }],
	['rope_parameters', { rope_type: 'linear', factor: 3, rope_theta: 10000 }],
	['partial_rotary_factor', 0.5],
	['attention_bias', true],
	['mlp_bias', true],
	['tie_word_embeddings', true],
	['hidden_act', 'gelu'],
	['hidden_act', 'swish'],
	['hidden_act', 'relu'],
	['rms_norm_eps', 0.1],
	['head_dim', null],
	['head_dim', 16],
	['num_attention_heads', 8],
	['num_key_value_heads', 4],
	['num_key_value_heads', 1],
	['num_key_value_heads', null],
	['num_hidden_layers', 2],
	['num_hidden_layers', 4],
	['max_position_embeddings', 16],
	['max_position_embeddings', 32],
	['vocab_size', 100],
	['vocab_size', 400],
	['intermediate_size', 24],
	['sliding_window', 4],
	['use_sliding_window', true],
	['layer_types', ['full_attention', 'full_attention', 'full_attention']],
	['layer_types', ['sliding_attention', 'full_attention', 'full_attention']],
	['architectures', ['MistralForCausalLM']],
	['architectures', ['LLaMAForCausalLM']],
	['architectures', []],
	['architectures', ['BertModel']],
	['model_type', 'mistral'],
	['model_type', 'bert'],
	['logits_scaling', 2],
	['attention_multiplier', 0.5],
	['residual_multiplier', 2],
	['pretraining_tp', 2],
	['torch_dtype', 'float16'],
	['quantization_config', { quant_method: 'gptq', bits: 4 }],
	['bos_token_id', null],
	['bos_token_id', 5]
];

/** As many mutants as asked for, the same ones every time: one setting, two settings, or any change of the JSON. */
export function configMutants(count: number): ConfigMutant[] {
	const singles = SETTINGS.map((setting) => withSettings([setting]));
	const rest = Array.from({ length: Math.max(0, count - singles.length) }, (_, at) => {
		const random = new Random(at + 1);
		if (random.chance(0.5)) return withSettings([random.pick(SETTINGS), random.pick(SETTINGS)]);
		const { value, change } = mutateJson(CONFIG, random);
		return { change, config: value as Record<string, unknown> };
	});
	return [...singles, ...rest].slice(0, count);
}

function withSettings(settings: readonly (readonly [string, unknown])[]): ConfigMutant {
	return {
		change: settings.map(([key, value]) => `${key} = ${JSON.stringify(value)}`).join(', '),
		config: { ...CONFIG, ...Object.fromEntries(settings) }
	};
}
