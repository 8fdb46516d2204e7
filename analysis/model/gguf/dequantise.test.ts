import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { BLOCK_DTYPES, blockOf, dequantise } from './dequantise.ts';

/** Written by tests/fixtures/gguf/make.py. */
const blocks = JSON.parse(await readFile('tests/fixtures/gguf/blocks.json', 'utf8')) as Record<
	string,
	{ bytes: string; values: string }
>;

describe('blocks of a quantised type', () => {
	it.each(BLOCK_DTYPES)('%s become the values that gguf-py makes of them, bit for bit', (dtype) => {
		const { bytes, values } = blocks[dtype];
		const expected = Buffer.from(values, 'base64');
		const target = new Float32Array(1 + expected.length / 4);
		dequantise(new Uint8Array(Buffer.from(bytes, 'base64')), dtype, target, 1);
		const found = Buffer.from(target.buffer, 4, expected.length);
		expect(found.equals(expected)).toBe(true);
		expect(target[0]).toBe(0);
	});
	it('are as long as their type says', () => {
		for (const dtype of BLOCK_DTYPES) {
			const { bytes, values } = blocks[dtype];
			expect(blockOf(dtype)).toMatchObject({
				bytes: Buffer.from(bytes, 'base64').length / 3,
				values: Buffer.from(values, 'base64').length / 4 / 3
			});
		}
	});
	it('of a type that is not known are nobody’s', () => {
		expect(blockOf('IQ2_XXS')).toBeNull();
		expect(blockOf('toString')).toBeNull();
	});
});
