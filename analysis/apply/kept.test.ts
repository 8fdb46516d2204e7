import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WeightReader } from '../model/checkpoint/read.ts';
import type { TensorEntry } from '../model/checkpoint/types.ts';
import { bytesOf } from './kept.ts';

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-kept-'));
});
afterAll(() => rm(scratch, { recursive: true }));

/** Two experts of 32 inputs and 2 outputs: a block of 16 bytes an output, then the four scales. */
async function experts(blocks: readonly number[][], scales: readonly number[]) {
	const file = join(scratch, 'experts');
	await writeFile(file, Uint8Array.from([...blocks.flat(), ...scales]));
	const stored = { dtype: 'U8', file };
	const values = { ...stored, name: 'w_blocks', shape: [2, 2, 1, 16], offset: 0, byteLength: 64 };
	return {
		...{ name: 'w', dtype: 'MXFP4', shape: [2, 32, 2], file, offset: 0, byteLength: 72 },
		quantised: {
			format: { kind: 'fp4', block: 32, global: 'none' },
			stored: {
				values,
				scales: { ...stored, name: 'w_scales', shape: [2, 2, 1], offset: 64, byteLength: 4 }
			},
			...{ rows: 4, firstRow: 0, rowStep: 1 }
		}
	} satisfies TensorEntry;
}

it('MXFP4 experts, stored by outputs, become float32 by inputs, a piece an expert', async () => {
	// Of a byte the low half comes first: 0x42 is 1, then 2; 0x7a is -1, then 6; 0x31 is 0.5, then 1.5; 0x0d is -3, then 0.
	const blocks = [0x42, 0x7a, 0x31, 0x0d].map((byte) => Array<number>(16).fill(byte));
	// Scales are powers of two from 127 on: 1, 2, 1/2, 4.
	const entry = await experts(blocks, [127, 128, 126, 129]);
	const reader = new WeightReader();
	const pieces: number[][] = [];
	for await (const bytes of bytesOf(entry, reader))
		pieces.push([...new Float32Array(bytes.slice().buffer)]);
	await reader.close();
	// An input after the other, its two outputs side by side.
	const turns = (...values: number[]) => Array.from({ length: 16 }, () => values).flat();
	expect(pieces).toEqual([turns(1, -2, 2, 12), turns(0.25, -12, 0.75, 0)]);
});
