import { describe, expect, test } from 'vitest';
import { tinyConfig, type TinyCheckpoint } from '../../../tests/builders/checkpoint.ts';
import { parseConfig } from './config.ts';
import type { Architecture, ModelConfig } from './types.ts';

function parse(
	config: Record<string, unknown> = {},
	architecture: Architecture = 'LlamaForCausalLM'
): ModelConfig {
	const tiny: TinyCheckpoint = { architecture, config };
	return parseConfig(JSON.parse(JSON.stringify(tinyConfig(tiny))), 'config.json');
}

describe('spellings', () => {
	test('rope_theta and rope_parameters, torch_dtype and dtype mean the same', () => {
		const old = parse({ rope_theta: 500000, torch_dtype: 'float16' });
		const now = parse({
			rope_theta: undefined,
			rope_parameters: { rope_theta: 500000, rope_type: 'default' },
			torch_dtype: undefined,
			dtype: 'float16'
		});
		expect(now).toEqual(old);
		expect(now.rotaries[0].theta).toBe(500000);
		expect(now.dtype).toBe('float16');
	});

	test('rope_theta inside rope_parameters stands before the one beside it', () => {
		expect(parse({ rope_theta: 1, rope_parameters: { rope_theta: 2 } }).rotaries[0].theta).toBe(2);
		expect(
			parse({ rope_theta: 3, rope_parameters: { rope_type: 'default' } }).rotaries[0].theta
		).toBe(3);
		expect(parse({ rope_theta: undefined }).rotaries[0].theta).toBe(10000);
	});

	test('linear scaling, with type or rope_type', () => {
		const scaling = { type: 'linear', factor: 4 };
		expect(parse({ rope_scaling: { type: 'linear', factor: 4.0 } }).rotaries[0].scaling).toEqual(
			scaling
		);
		expect(parse({ rope_scaling: { rope_type: 'linear', factor: 4 } }).rotaries[0].scaling).toEqual(
			scaling
		);
		expect(
			parse({ rope_parameters: { rope_type: 'linear', factor: 4 } }).rotaries[0].scaling
		).toEqual(scaling);
		expect(parse({ rope_scaling: null }).rotaries[0].scaling).toEqual({ type: 'default' });
	});

	test('llama3 scaling; the original positions default to the positions', () => {
		const rope = { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4 };
		const scaling = { type: 'llama3', factor: 8, lowFreqFactor: 1, highFreqFactor: 4 };
		expect(
			parse({ rope_scaling: { ...rope, original_max_position_embeddings: 64 } }).rotaries[0].scaling
		).toEqual({ ...scaling, originalMaxPositions: 64 });
		expect(parse({ rope_scaling: rope }).rotaries[0].scaling).toEqual({
			...scaling,
			originalMaxPositions: 256
		});
	});

	test('head_dim given, derived, or of the class; kv heads as many as heads', () => {
		expect(parse({ head_dim: 16 }).headDim).toBe(16);
		expect(parse({ head_dim: undefined }).headDim).toBe(8);
		expect(parse({ head_dim: null }).headDim).toBe(8);
		expect(parse({ head_dim: undefined }, 'Qwen3ForCausalLM').headDim).toBe(128);
		expect(parse({ num_key_value_heads: undefined }).kvHeads).toBe(4);
		expect(parse({ num_key_value_heads: null }, 'MistralForCausalLM').kvHeads).toBe(4);
	});

	test('what is left out has the defaults of transformers', () => {
		const bare = parse({
			rms_norm_eps: undefined,
			tie_word_embeddings: undefined,
			max_position_embeddings: undefined,
			bos_token_id: undefined,
			torch_dtype: undefined,
			hidden_act: undefined
		});
		expect(bare).toMatchObject({
			normEps: 1e-6,
			tied: false,
			maxPositions: 2048,
			bosId: 1,
			dtype: 'float32'
		});
		expect(parse({ bos_token_id: null }).bosId).toBeNull();
	});
});

describe('families', () => {
	test('biases: Llama as config says, Qwen2 on q, k and v alone, Mistral never', () => {
		const none = { qkvBias: false, outputBias: false, mlpBias: false };
		const said = { attention_bias: true, mlp_bias: true };
		expect(parse()).toMatchObject(none);
		expect(parse(said)).toMatchObject({ qkvBias: true, outputBias: true, mlpBias: true });
		expect(parse(said, 'MistralForCausalLM')).toMatchObject(none);
		expect(parse({}, 'Qwen2ForCausalLM')).toMatchObject({ ...none, qkvBias: true });
		expect(parse({}, 'Qwen3ForCausalLM')).toMatchObject({ ...none, qkNorm: true });
		expect(parse(said, 'Qwen3ForCausalLM')).toMatchObject({
			qkvBias: true,
			outputBias: true,
			mlpBias: false
		});
	});

	test('Mistral slides in all layers, by 4096 where config does not say; null: in none', () => {
		const slidingWindows = (config: Record<string, unknown>): (number | null)[] =>
			parse(config, 'MistralForCausalLM').slidingWindows;
		expect(slidingWindows({ sliding_window: 7 })).toEqual([7, 7, 7]);
		expect(slidingWindows({ sliding_window: null })).toEqual([null, null, null]);
		expect(slidingWindows({ sliding_window: undefined })).toEqual([4096, 4096, 4096]);
	});

	test('Llama has no sliding window, whatever its config says', () => {
		expect(parse({ sliding_window: 7 }).slidingWindows).toEqual([null, null, null]);
	});

	for (const architecture of ['Qwen2ForCausalLM', 'Qwen3ForCausalLM'] as const) {
		test(`${architecture} slides only with use_sliding_window, from max_window_layers on or by layer_types`, () => {
			const slidingWindows = (config: Record<string, unknown>): (number | null)[] =>
				parse({ sliding_window: 7, ...config }, architecture).slidingWindows;
			const on = { use_sliding_window: true };
			expect(slidingWindows({})).toEqual([null, null, null]);
			expect(slidingWindows({ ...on, max_window_layers: 1 })).toEqual([null, 7, 7]);
			expect(slidingWindows({ ...on })).toEqual([null, null, null]);
			const types = ['sliding_attention', 'full_attention', 'sliding_attention'];
			expect(slidingWindows({ ...on, layer_types: types })).toEqual([7, null, 7]);
			expect(slidingWindows({ ...on, layer_types: ['attention', ...types.slice(1)] })).toEqual([
				null,
				null,
				7
			]);
			const refused = 'layer_types has sliding_attention, but no window is set';
			expect(() => slidingWindows({ layer_types: types })).toThrow(refused);
			expect(() => slidingWindows({ ...on, layer_types: types, sliding_window: null })).toThrow(
				refused
			);
		});
	}
});

describe('what transformers takes', () => {
	test('model_type alone, early spellings, and the base class', () => {
		const named = (config: Record<string, unknown>): string => parse(config).architecture;
		expect(named({ architectures: undefined, model_type: 'qwen3' })).toBe('Qwen3ForCausalLM');
		expect(named({ architectures: null, model_type: 'llama' })).toBe('LlamaForCausalLM');
		expect(named({ architectures: ['LLaMAForCausalLM'] })).toBe('LlamaForCausalLM');
		expect(named({ architectures: ['MistralModel'], model_type: 'mistral' })).toBe(
			'MistralForCausalLM'
		);
	});

	test('a type of its own for a model with a plan', () => {
		const spanwise = { sources: [0, 0, 2], spans: [] };
		expect(parse({ model_type: 'spanwise_llama', spanwise }).shared?.sources).toEqual([0, 0, 2]);
	});

	test('swish, which is silu', () => {
		expect(parse({ hidden_act: 'swish' })).toEqual(parse());
	});

	test('dynamic scaling, which up to the positions that the model has is none', () => {
		const dynamic = parse({ rope_scaling: { type: 'dynamic', factor: 2 }, rope_theta: 500 });
		expect(dynamic).toEqual(parse({ rope_theta: 500 }));
	});

	test('keys of other families with a value that means nothing', () => {
		const neutral = {
			attention_multiplier: null,
			num_experts: 0,
			logits_scaling: 1,
			per_layer_config: {}
		};
		expect(parse(neutral)).toEqual(parse());
	});
});

describe('families', () => {
	test('Gemma 2 slides in every second layer, divides by √query_pre_attn_scalar, and bounds unless told null', () => {
		const gemma = parse({ sliding_window: 7, query_pre_attn_scalar: 4 }, 'Gemma2ForCausalLM');
		expect(gemma.slidingWindows).toEqual([7, null, 7]);
		expect(gemma.scales).toEqual({
			...{ score: 0.5, scoreCap: 50, logitCap: 30 },
			...{ logit: 1, embedding: Math.sqrt(32), residual: 1 }
		});
		const free = { attn_logit_softcapping: null, final_logit_softcapping: null };
		const { scoreCap, logitCap } = parse(
			{ sliding_window: 7, ...free },
			'Gemma2ForCausalLM'
		).scales;
		expect([scoreCap, logitCap]).toEqual([null, null]);
	});

	test('Gemma 2 and Cohere do not look at Llama’s names for what they call otherwise', () => {
		const { block } = parse({ hidden_act: 'silu', sliding_window: 7 }, 'Gemma2ForCausalLM');
		expect(block.activation).toBe('gelu tanh');
		expect(parse({ rms_norm_eps: 0.5 }, 'CohereForCausalLM').normEps).toBe(1e-5);
	});

	test('Gemma 3 has a rotary base of its own in layers that slide, in the old spelling and the new', () => {
		const sliding = { sliding_window: 7, sliding_window_pattern: 2, rope_theta: undefined };
		const old = { ...sliding, rope_theta: 5e5, rope_local_base_freq: 2e4 };
		const now = {
			...sliding,
			rope_parameters: {
				full_attention: { rope_type: 'default', rope_theta: 5e5 },
				sliding_attention: { rope_type: 'default', rope_theta: 2e4 }
			}
		};
		const config = parse(now, 'Gemma3ForCausalLM');
		expect(config.rotaries.map(({ theta }) => theta)).toEqual([5e5, 2e4]);
		expect(config.rotaryOf).toEqual([1, 0, 1]);
		expect(parse(old, 'Gemma3ForCausalLM')).toEqual(config);
		const unsaid = parse(sliding, 'Gemma3ForCausalLM');
		expect(unsaid.rotaries.map(({ theta }) => theta)).toEqual([1e6, 1e4]);
	});

	test('SmolLM3 leaves every fourth layer unrotated, or those for which no_rope_layers has 0', () => {
		const rotaryOf = (config: Record<string, unknown>) =>
			parse({ num_hidden_layers: 4, ...config }, 'SmolLM3ForCausalLM').rotaryOf;
		expect(rotaryOf({})).toEqual([0, 0, 0, null]);
		expect(rotaryOf({ no_rope_layer_interval: 2 })).toEqual([0, null, 0, null]);
		expect(rotaryOf({ no_rope_layers: [0, 1, 1, 1] })).toEqual([null, 0, 0, 0]);
	});

	test('GPT-2 and GPT-NeoX have keys of their own', () => {
		const gpt2 = {
			...{ architectures: ['GPT2LMHeadModel'], vocab_size: 48, n_positions: 64 },
			...{ n_embd: 24, n_head: 4, n_layer: 2, n_inner: null, num_key_value_heads: 2 }
		};
		const config = parseConfig(gpt2, 'config.json');
		expect(config).toMatchObject({
			hidden: 24,
			kvHeads: 4,
			intermediate: 96,
			rotaries: [],
			tied: true
		});
		const neox = {
			hidden_act: undefined,
			layer_norm_eps: 1e-3,
			rotary_pct: 0.5,
			rotary_emb_base: 500
		};
		expect(parse(neox, 'GPTNeoXForCausalLM')).toMatchObject({
			...{ normEps: 1e-3, rotaryDims: 4, rotaries: [{ theta: 500 }] },
			block: { parallel: true, activation: 'gelu' }
		});
	});

	test('Ministral 3 is followed up to the positions from which on it scales its queries', () => {
		const rope = { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 64 };
		const positions = (beta: object) =>
			parse({ rope_parameters: { ...rope, ...beta } }, 'Ministral3ForCausalLM').maxPositions;
		expect(positions({})).toBe(256);
		expect(positions({ llama_4_scaling_beta: 0.1 })).toBe(64);
	});
});

describe('refusals', () => {
	const cases: [string, Record<string, unknown>, string][] = [
		[
			'another architecture',
			{ architectures: ['BloomForCausalLM'] },
			'architecture is "BloomForCausalLM"; supported: LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM'
		],
		[
			'no architecture',
			{ architectures: undefined },
			'architecture is not given; supported: LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM'
		],
		[
			'the name of an object property as architecture',
			{ architectures: ['constructor'] },
			'architecture is "constructor"; supported: LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM'
		],
		[
			'weights quantised in a way that is not read',
			{ quantization_config: { quant_method: 'hqq' } },
			'quantization_config: quant_method is "hqq"; supported: fp8, fbgemm_fp8, compressed-tensors, gptq, awq, modelopt, mxfp4, bitsandbytes; spanwise analyze --engine torch'
		],
		[
			'another activation',
			{ hidden_act: 'quick_gelu' },
			'hidden_act is "quick_gelu"; supported: silu, swish, gelu, gelu_new, gelu_fast, gelu_pytorch_tanh, relu'
		],
		[
			'another rope type',
			{ rope_scaling: { rope_type: 'proportional', factor: 4 } },
			'rope_scaling: type is "proportional", which is not supported; supported: default, linear, dynamic, llama3, yarn, longrope'
		],
		[
			'a table that is not as long as there are rotary pairs',
			{ rope_scaling: { type: 'longrope', short_factor: [1], long_factor: [1], factor: 4 } },
			'rope_scaling.short_factor has 1 numbers; expected 4, one for each rotary pair'
		],
		[
			'rope parameters by layer type',
			{ rope_parameters: { full_attention: { rope_type: 'default', rope_theta: 1e6 } } },
			'rope_parameters.full_attention: rope parameters by layer type are not supported'
		],
		[
			'a rope parameter that is not known',
			{ rope_scaling: { type: 'dynamic', factor: 2, alpha: 1000 } },
			'rope_scaling.alpha is not known; supported keys: rope_theta, '
		],
		[
			'a rope factor of no type',
			{ rope_scaling: { factor: 4 } },
			'rope_scaling has a factor and no rope_type; expected one of default, linear, dynamic, llama3'
		],
		[
			'another family by model_type',
			{ model_type: 'bloom' },
			'model_type is "bloom"; supported: llama, mistral, qwen2, qwen3'
		],
		[
			'two families',
			{ model_type: 'mistral' },
			'architectures has "LlamaForCausalLM" and model_type is "mistral"; expected the same family in both'
		],
		[
			'an encoder',
			{ is_causal: false },
			'is_causal is false, which is not supported; expected true'
		],
		[
			'multipliers',
			{ residual_multiplier: 0.22 },
			'residual_multiplier is 0.22, which is not supported; expected 1'
		],
		[
			'a soft cap',
			{ attn_logit_softcapping: 50 },
			'attn_logit_softcapping is 50, which is not supported; expected no such key'
		],
		[
			'linear scaling without a factor',
			{ rope_scaling: { type: 'linear' } },
			'rope_scaling of type linear has no factor'
		],
		[
			'a rotation of a part of the head',
			{ partial_rotary_factor: 0.5 },
			'partial_rotary_factor is 0.5; only 1 (the whole head rotates) is supported'
		],
		[
			'kv heads that do not divide the heads',
			{ num_key_value_heads: 3 },
			'num_attention_heads is 4 and num_key_value_heads 3; expected the first to be a multiple of the second'
		],
		[
			'heads that do not divide the width',
			{ hidden_size: 33, head_dim: undefined },
			'hidden_size is 33 and num_attention_heads 4; expected a multiple, or head_dim'
		],
		[
			'an odd head_dim',
			{ head_dim: 7 },
			'head_dim is 7; expected an even number, for the rotary embedding'
		],
		['a missing width', { hidden_size: undefined }, 'hidden_size: is missing'],
		['a width that is text', { hidden_size: '32' }, 'hidden_size: found "32"; expected number'],
		[
			'a fraction of a layer',
			{ num_hidden_layers: 1.5 },
			'num_hidden_layers: found 1.5; expected a whole number'
		],
		['no layers', { num_hidden_layers: 0 }, 'num_hidden_layers: found 0; expected >=1']
	];
	for (const [what, config, message] of cases) {
		test(what, () => expect(() => parse(config)).toThrow(`config.json: ${message}`));
	}

	test('layer_types of another length or of another kind', () => {
		const qwen = (layer_types: string[]) => () => parse({ layer_types }, 'Qwen3ForCausalLM');
		expect(qwen(['full_attention'])).toThrow(
			'config.json: layer_types names 1 layers; num_hidden_layers is 3'
		);
		expect(qwen(['full_attention', 'linear_attention', 'full_attention'])).toThrow(
			'config.json: layer_types has "linear_attention"; supported: full_attention, sliding_attention'
		);
	});

	test('a list of millions of layer types by its length alone, in a short line', () => {
		const json = { ...tinyConfig(), layer_types: new Array<unknown>(2_000_000).fill(1) };
		expect(() => parseConfig(json, 'config.json')).toThrow(
			/^config\.json: layer_types: more than 4096 entries; at most 4096 are allowed$/
		);
	});

	test('what is no object', () => {
		expect(() => parseConfig([], 'config.json')).toThrow('not the description of a model');
		expect(() => parseConfig({}, 'config.json')).toThrow('architecture is not given');
		expect(() => parseConfig(null, 'config.json')).toThrow('not the description of a model');
	});
});
