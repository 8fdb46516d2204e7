import { describe, expect, it } from 'vitest';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { canMap } from './stored.ts';

describe('weights that onnxruntime reads by itself', () => {
	it('are floats in the order of transformers, and no others', async () => {
		const checkpoint = await openCheckpoint('models/mini-llama2');
		expect(canMap(checkpoint)).toBe(true);
		const name = 'model.layers.3.self_attn.q_proj.weight';
		const entry = checkpoint.tensors.get(name);
		if (entry === undefined) throw new Error(`${name} is gone`);
		const changed = (change: object) => ({
			...checkpoint,
			tensors: new Map(checkpoint.tensors).set(name, { ...entry, ...change })
		});
		expect(canMap(changed({ dtype: 'Q8_0' }))).toBe(false);
		expect(canMap(changed({ interleavedHeads: 6 }))).toBe(false);
	});
});
