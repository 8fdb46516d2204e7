import { describe, expect, it } from 'vitest';
import { parseConfig } from '../model/checkpoint/config.ts';
import type { Checkpoint } from '../model/checkpoint/types.ts';
import { planCapture, planPlans } from './memory.ts';
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

describe('the memory plan of plans', () => {
	const size = (limitBytes: number, more: { freedBytes?: number } = {}) => ({
		samples: [{ context: 256, scored: 255, windowCount: 8 }],
		limitBytes,
		...more
	});
	/** Float32 weights of the layers and the output embedding, packed. */
	const WEIGHTS = 4.3e9;

	it('takes as many streams as there are cores, each with weights of its own, and keeps states with what is left', () => {
		const plan = planPlans(checkpoint, size(60e9), 2);
		expect(plan).toMatchObject({ resident: true, streams: 2, keptWindows: 8 });
		expect(plan.bytes).toBeGreaterThan(2 * WEIGHTS);
		// Eight at most, and no more than there are windows.
		expect(planPlans(checkpoint, size(600e9), 64).streams).toBe(8);
	});

	it('stays under the limit: one stream where the weights fit once, fewer windows whose states are kept', () => {
		for (const [limit, streams] of [
			[6e9, 1],
			[8e9, 1],
			[11e9, 2],
			[14e9, 3]
		]) {
			const plan = planPlans(checkpoint, size(limit), 4);
			expect(plan.bytes).toBeLessThanOrEqual(limit);
			expect(plan.streams).toBe(streams);
			expect(streams * WEIGHTS).toBeLessThan(limit);
		}
		expect(planPlans(checkpoint, size(4e9), 4).resident).toBe(false);
	});

	it('counts what an analysis before leaves, which other threads cannot take', () => {
		expect(planPlans(checkpoint, size(14e9, { freedBytes: 5e9 }), 4).streams).toBe(1);
		const [without, after] = [{}, { freedBytes: 5e9 }].map((more) =>
			planPlans(checkpoint, size(60e9, more), 2)
		);
		expect(after.bytes - without.bytes).toBe(5e9);
	});
});
