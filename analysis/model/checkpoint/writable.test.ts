import { expect, it } from 'vitest';
import { openCheckpoint } from './open.ts';
import { requireDecoder } from './writable.ts';

const config = async (family: string) =>
	(await openCheckpoint(`tests/fixtures/families/${family}`)).config;

it('lets models be written as ONNX decoders that are built as Llama, and no other', async () => {
	for (const family of ['qwen3', 'llama-rope-yarn']) {
		const read = await config(family);
		expect(() => requireDecoder('tiny', read)).not.toThrow();
	}
	for (const family of ['gemma2', 'gpt2', 'phi3']) {
		const read = await config(family);
		expect(() => requireDecoder('tiny', read)).toThrow(
			`tiny: ${read.architecture} can be analysed and evaluated, but not written as an ONNX decoder: that takes LlamaForCausalLM,`
		);
	}
});

it('refuses frequencies that change with the length of the text', async () => {
	const read = await config('phi3-longrope');
	const llama = { ...read, architecture: 'LlamaForCausalLM' } as const;
	expect(() => requireDecoder('tiny', llama)).toThrow('tiny: rope_scaling longrope');
});
