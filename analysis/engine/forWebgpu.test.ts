import { describe, expect, it } from 'vitest';
import { blocksOnGpu } from '../graph/blocks.ts';
import { forWebgpu } from '../graph/webgpu.ts';
import { GraphBuilder } from '../proto/builder.ts';
import { createSession, floats, tensor, type Tensors } from './session.ts';

async function run(graph: Uint8Array, feeds: Tensors): Promise<number[]> {
	const session = await createSession(graph);
	const outputs = await session.run(feeds);
	await session.release();
	return [...floats(outputs, 'out')];
}

describe('a graph as a GPU runs it', () => {
	const feeds = {
		x: tensor(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]),
		w: tensor(Float32Array.of(1, 0, 2, 0, 1, 1), [2, 3]),
		b: tensor(Float32Array.of(10, 20), [2])
	};
	// x·wᵀ by hand: rows [1 + 6, 2 + 3] and [4 + 12, 5 + 6].
	it.each([
		['x·Wᵀ', [], 1, [7, 5, 16, 11]],
		['x·Wᵀ + b', ['b'], 1, [17, 25, 26, 31]],
		['2 · x·Wᵀ', [], 2, [14, 10, 32, 22]],
		['2 · x·Wᵀ + b', ['b'], 2, [24, 30, 42, 42]]
	])('has %s, of which two products share the turned rows', async (_, bias, alpha, expected) => {
		const builder = new GraphBuilder('product');
		for (const [name, dims] of [
			['x', [2, 3]],
			['w', [2, 3]],
			['b', [2]]
		] as const)
			builder.input(name, dims);
		const attributes = { transB: 1n, alpha };
		const [one, other] = ['one', 'other'].map((name) =>
			builder.node(name, 'Gemm', ['x', 'w', ...bias], { attributes })
		);
		builder.node('half', 'Sub', [builder.node('twice', 'Add', [one, other]), other], {
			outputs: ['out']
		});
		builder.output('out', [2, 2]);
		const graph = builder.build();
		expect(await run(graph, feeds)).toEqual(expected);
		expect(await run(forWebgpu(graph), feeds)).toEqual(expected);
	});

	it('has fewer and longer blocks of queries: four up to 1024 tokens, none longer than 256 where eight are enough', () => {
		expect([64, 200, 272, 512, 1024, 1536, 2048, 8192].map(blocksOnGpu)).toEqual([
			1, 3, 4, 4, 4, 6, 8, 8
		]);
	});
});
