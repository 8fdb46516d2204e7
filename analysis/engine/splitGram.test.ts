import { describe, expect, it } from 'vitest';
import { partsOf, splitGramGraph } from '../graph/gram.ts';
import { createSession, floats, tensor } from './session.ts';

describe('a product in parts', () => {
	it('is X·Yᵀ, whatever the number of parts', async () => {
		const first = tensor(Float32Array.of(1, 2, 3, 4, 5, 6, 0, 1, 0, -1, 0, 1), [2, 6]);
		const second = tensor(Float32Array.of(1, 1, 1, 1, 1, 1), [1, 6]);
		for (const parts of [1, 2, 3, 6]) {
			const session = await createSession(splitGramGraph(parts));
			const outputs = await session.run({ first, second });
			await session.release();
			expect([...floats(outputs, 'gram')]).toEqual([21, 1]);
			expect(outputs.gram.dims).toEqual([2, 1]);
		}
	});

	it('takes the least divisor of a block’s queries from sixteen on, or all of them', () => {
		expect([68, 66, 36, 64, 67, 5, 1].map(partsOf)).toEqual([17, 22, 18, 16, 67, 5, 1]);
		for (let queries = 1; queries < 200; queries++) expect(queries % partsOf(queries)).toBe(0);
	});
});
