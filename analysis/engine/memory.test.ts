import { describe, expect, it } from 'vitest';
import { parseConfig } from '../model/checkpoint/config.ts';
import type { Checkpoint } from '../model/checkpoint/types.ts';
import { planCapture } from './memory.ts';
import { pathOf } from './path.ts';

/** A checkpoint of 1.1 billion bfloat16 weights, in the shape of TinyLlama; nothing of it is on disk. */
const config = parseConfig(
	{
		architectures: ['LlamaForCausalLM'],
		hidden_size: 2048,
		intermediate_size: 5632,
		num_hidden_layers: 22,
		num_attention_heads: 32,
		num_key_value_heads: 4,
		vocab_size: 32000,
		max_position_embeddings: 2048
	},
	'config.json'
);
const checkpoint: Checkpoint = {
	folder: '/nowhere',
	name: 'large',
	config,
	tensors: new Map(),
	parts: new Map(),
	bytes: 2.2e9,
	parameters: 1.1e9,
	notes: []
};
const request = {
	views: ['all', 'no-sink'],
	gram: true,
	sqrt: true,
	jsQueries: 32,
	windowCount: 8
} as const;

describe('the memory plan of an analysis', () => {
	it('keeps the model in memory where it fits the limit', () => {
		const plan = planCapture(checkpoint, 512, request, 12e9);
		expect(pathOf(plan)).toEqual({ path: 'resident', device: 'cpu', dtype: 'float32' });
		// Float32 weights, and what is captured of a window.
		expect(plan.bytes).toBeGreaterThan(4.4e9);
		expect(plan.bytes).toBeLessThanOrEqual(12e9);
	});

	it('streams a model that does not fit, and says so', () => {
		const plan = planCapture(checkpoint, 512, request, 4e9);
		expect(pathOf(plan).path).toBe('streamed');
		expect(plan.bytes).toBeLessThanOrEqual(4e9);
	});

	it('refuses a limit that not even a streamed window fits, with the context that would', () => {
		expect(() => planCapture(checkpoint, 2048, request, 1.5e9)).toThrow(
			/memory: one window of 2048 tokens takes .* a context of \d+ would fit/
		);
	});
});
