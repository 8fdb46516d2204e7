import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { weightEntry } from '../checkpoint/entry.ts';
import { expectedTensors } from '../checkpoint/fused.ts';
import { openCheckpoint } from '../checkpoint/open.ts';
import { WeightReader } from '../checkpoint/read.ts';

/** Written by make.py beside the checkpoints. */
interface Reference {
	/** float32, base64. */
	weights: Record<string, string>;
}

const FOLDER = 'tests/fixtures/quantised';
const cases = readdirSync(FOLDER, { withFileTypes: true })
	.filter((entry) => entry.isDirectory())
	.map((entry) => entry.name);

const LABELS: Readonly<Record<string, string>> = {
	'fp8-block': 'FP8',
	'ct-int3': 'int3 (compressed-tensors)',
	'ct-int8': 'int8 (compressed-tensors)',
	'ct-mxfp4': 'MXFP4',
	'gptq-v2': 'int4 (GPTQ)',
	awq: 'int4 (AWQ)',
	'modelopt-nvfp4': 'NVFP4',
	'bnb-int8': 'int8 (bitsandbytes)',
	'bnb-nf4': 'NF4 (bitsandbytes)'
};

/** Matrices that are quantised; 7 in each of 2 layers elsewhere. */
const MATRICES: Readonly<Record<string, number>> = {
	'awq-fused': 8,
	'moe-fp8': 2 * (4 + 3 * 3),
	// All experts of a layer lie in two tensors.
	'gpt-oss': 4
};

describe.each(cases)('%s', (name) => {
	it('becomes the values that its format stands for, bit for bit', async () => {
		const text = await readFile(join(FOLDER, name, 'reference.json'), 'utf8');
		const { weights } = JSON.parse(text) as Reference;
		const checkpoint = await openCheckpoint(join(FOLDER, name));
		const reader = new WeightReader();
		expect(Object.keys(weights)).not.toEqual([]);
		for (const [weight, encoded] of Object.entries(weights)) {
			const bytes = new Uint8Array(Buffer.from(encoded, 'base64'));
			const expected = new Float32Array(bytes.buffer);
			const values = new Float32Array(1 + expected.length);
			await reader.readInto(weightEntry(checkpoint, weight), values, 1);
			expect([...values.subarray(1)]).toEqual([...expected]);
		}
		await reader.close();
	});

	it('says what its weights are, and counts them as what they stand for', async () => {
		const { config, parameters, notes, bytes } = await openCheckpoint(join(FOLDER, name));
		expect(config.dtype).toBe(LABELS[name] ?? config.dtype);
		const matrices = MATRICES[name] ?? 14;
		expect(notes).toContain(
			`${matrices} matrices are ${config.dtype}: they are computed in float32 as they are read; activations are not quantised`
		);
		const elements = expectedTensors(config).map(({ shape }) => shape.reduce((a, b) => a * b, 1));
		expect(parameters).toBe(elements.reduce((sum, count) => sum + count, 0));
		expect(bytes).toBeLessThan(4 * parameters);
	});
});
