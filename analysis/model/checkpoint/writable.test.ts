import { expect, it } from 'vitest';
import { openCheckpoint } from './open.ts';
import { requireDecoder, requireWritable } from './writable.ts';

const FOLLOWING = { sources: [0, 0, 2], headMaps: [null, null, null] };

const config = async (family: string) =>
	(await openCheckpoint(`tests/fixtures/families/${family}`)).config;

it('lets models be written as ONNX decoders that are built as Llama, and no other', async () => {
	for (const family of ['qwen3', 'llama-rope-yarn']) {
		const read = await config(family);
		expect(() => requireWritable('tiny', read, 'onnx', FOLLOWING)).not.toThrow();
	}
	for (const family of ['gemma2', 'gpt2', 'phi3']) {
		const read = await config(family);
		expect(() => requireWritable('tiny', read, 'onnx', FOLLOWING)).toThrow(
			`tiny: ${read.architecture} can be analysed and evaluated, but not written as an ONNX decoder: that takes LlamaForCausalLM,`
		);
	}
});

it('refuses frequencies that change with the length of the text', async () => {
	const read = await config('phi3-longrope');
	const llama = { ...read, architecture: 'LlamaForCausalLM' } as const;
	expect(() => requireDecoder('tiny', llama)).toThrow('tiny: rope_scaling longrope');
});

it('lets models be written for transformers whose q and k are tensors of their own', async () => {
	for (const family of ['gemma2', 'olmo2', 'glm4']) {
		const read = await config(family);
		expect(() => requireWritable('tiny', read, 'transformers', FOLLOWING)).not.toThrow();
	}
	const phi3 = await config('phi3');
	expect(() => requireWritable('tiny', phi3, 'transformers', FOLLOWING)).toThrow(
		'tiny: Phi3ForCausalLM keeps q, k and v in one tensor, self_attn.qkv_proj:'
	);
});

it('lets mixtures be written for transformers whose experts are as the file has them', async () => {
	for (const family of ['mixtral', 'qwen3_moe', 'gpt_oss']) {
		const read = await config(family);
		expect(() => requireWritable('tiny', read, 'transformers', FOLLOWING)).not.toThrow();
		const quantised = { ...read, quantisation: { method: 'mxfp4' } } as unknown as typeof read;
		expect(() => requireWritable('tiny', quantised, 'transformers', FOLLOWING)).toThrow(
			`tiny: ${read.architecture} is a mixture of quantised experts: it can be analysed and evaluated, but not written`
		);
	}
});

it('lets followers be written for transformers only where its layers hand on what they need', async () => {
	const stablelm = await config('stablelm');
	expect(() => requireWritable('tiny', stablelm, 'transformers', FOLLOWING)).toThrow(
		'tiny: layer 1 follows layer 0, and the layers of StableLmForCausalLM in transformers hand nothing on to their attention: only dropped layers can be written'
	);
	const dropping = { ...FOLLOWING, sources: [0, null, 2] };
	expect(() => requireWritable('tiny', stablelm, 'transformers', dropping)).not.toThrow();
});

it('lets no head map be written for transformers beside attention sinks', async () => {
	const gptOss = await config('gpt_oss');
	const mapped = { ...FOLLOWING, headMaps: [null, [1, 0, 2, 3], null] };
	expect(() => requireWritable('tiny', gptOss, 'transformers', mapped)).toThrow(
		'tiny: layer 1 has a head map, and attention sinks belong to heads'
	);
	expect(() => requireWritable('tiny', gptOss, 'transformers', FOLLOWING)).not.toThrow();
});
