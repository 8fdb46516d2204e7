import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { createSession, floats, tensor } from '../engine/session.ts';
import { FLOAT, FLOAT16, GraphBuilder } from '../proto/builder.ts';
import { ModelProtoSchema } from '../proto/onnx_pb.ts';
import { withHalfProducts } from './halfProducts.ts';

/** Two products of a layer with one weight, the second with a bias, and one of the output embedding. */
function products(): Uint8Array {
	const builder = new GraphBuilder('products');
	builder.input('x', [1, 2]);
	const weight = builder.constant('weight', Float32Array.of(3, 2), [1, 2]);
	const bias = builder.constant('bias', Float32Array.of(5), [1]);
	const gemm = (name: string, inputs: string[], output: string) => {
		builder.node(name, 'Gemm', inputs, { outputs: [output], attributes: { transB: 1n } });
		builder.output(output, [1, 1]);
	};
	gemm('layer_0/attn/q_proj/Gemm', ['x', weight], 'plain');
	gemm('layer_0/attn/k_proj/Gemm', ['x', weight, bias], 'biased');
	gemm('vocabulary_0/Gemm', ['x', weight], 'logits');
	return builder.build();
}

describe('withHalfProducts', () => {
	it('rounds every side of the products of layers, once each, widens what comes out, and leaves the rest', () => {
		const { graph } = fromBinary(ModelProtoSchema, withHalfProducts(products()));
		const nodes = graph?.node ?? [];
		const madeBy = (name: string) => nodes.find(({ output }) => output.includes(name));
		const typeOf = (name: string) => {
			const node = madeBy(name);
			return node?.opType === 'Cast' ? node.attribute.find(({ name }) => name === 'to')?.i : null;
		};
		for (const output of ['plain', 'biased']) {
			expect(typeOf(output)).toBe(BigInt(FLOAT));
			const product = madeBy(madeBy(output)?.input[0] ?? '');
			expect(product?.opType).toBe('Gemm');
			expect(product?.input.map(typeOf)).toEqual(product?.input.map(() => BigInt(FLOAT16)));
		}
		expect(madeBy('logits')).toMatchObject({ opType: 'Gemm', input: ['x', 'weight'] });
		const rounded = nodes.filter(({ output }) => typeOf(output[0]) === BigInt(FLOAT16));
		expect(rounded.map(({ input }) => input[0]).sort()).toEqual(['bias', 'weight', 'x']);
	});

	it('is a graph that runs', async () => {
		const session = await createSession(withHalfProducts(products()));
		const outputs = await session.run({ x: tensor(Float32Array.of(1, 10), [1, 2]) });
		const [plain, biased, logits] = ['plain', 'biased', 'logits'].map(
			(name) => floats(outputs, name)[0]
		);
		expect([plain, biased, logits]).toEqual([23, 28, 23]);
		await session.release();
	});
});
