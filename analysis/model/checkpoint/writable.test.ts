import { expect, it } from 'vitest';
import { openCheckpoint } from './open.ts';
import type { ModelConfig } from './types.ts';
import { requireDecoder, requireWritable } from './writable.ts';

const config = async (family: string) =>
	(await openCheckpoint(`tests/fixtures/families/${family}`)).config;

it('lets models be written as ONNX decoders that are built as Llama, and no other', async () => {
	for (const family of ['qwen3', 'llama-rope-yarn']) {
		const read = await config(family);
		expect(() => requireWritable('tiny', read, 'onnx')).not.toThrow();
	}
	for (const family of ['gemma2', 'gpt2', 'phi3']) {
		const read = await config(family);
		expect(() => requireWritable('tiny', read, 'onnx')).toThrow(
			`tiny: ${read.architecture} can be analysed and evaluated, but not written as an ONNX decoder: that takes LlamaForCausalLM,`
		);
	}
});

it('refuses frequencies that change with the length of the text', async () => {
	const read = await config('phi3-longrope');
	const llama = { ...read, architecture: 'LlamaForCausalLM' } as const;
	expect(() => requireDecoder('tiny', llama)).toThrow('tiny: rope_scaling longrope');
});

it('lets models be written for transformers however they keep q, k and v', async () => {
	for (const family of ['gemma2', 'olmo2', 'glm4', 'phi3', 'gpt_neox', 'gpt2', 'stablelm']) {
		const read = await config(family);
		expect(() => requireWritable('tiny', read, 'transformers')).not.toThrow();
	}
});

it('lets mixtures be written for transformers unless quantised experts share a tensor', async () => {
	const check = (read: ModelConfig) => (): void => {
		requireWritable('tiny', read, 'transformers');
	};
	for (const family of ['mixtral', 'qwen3_moe', 'gpt_oss']) {
		expect(check(await config(family))).not.toThrow();
	}
	const [qwen3, gptOss] = await Promise.all(
		['moe-fp8', 'gpt-oss'].map(async (name) => {
			return (await openCheckpoint(`tests/fixtures/quantised/${name}`)).config;
		})
	);
	expect(check(qwen3)).not.toThrow();
	expect(check(gptOss)).toThrow(
		'tiny: GptOssForCausalLM keeps its quantised experts in one tensor a layer: it can be analysed and evaluated, but not written'
	);
});
