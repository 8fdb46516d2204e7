import { create, toBinary } from '@bufbuild/protobuf';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { CACHE, mergedDecoder } from '../../../tests/builders/mergedOnnx.ts';
import { difference, foundOnnx, graphOf, logitsOf } from '../../../tests/builders/sharedOnnx.ts';
import { createSession, floats, type Tensors } from '../../engine/session.ts';
import { ModelProtoSchema, TensorProtoSchema, type GraphProto } from '../../proto/onnx_pb.ts';
import { checkWritable, withoutCache } from './merged.ts';
import { onnxReport } from './report.ts';

const IDS = [0, 5, 3, 9, 2, 7];

function branchOf({ node }: GraphProto): GraphProto {
	const branch = node[0].attribute.find(({ name }) => name === 'else_branch')?.g;
	if (branch === undefined) throw new TypeError('no branch');
	return branch;
}

/** Logits of the merged decoder as it is, by the branch without a cache. */
async function mergedLogits(): Promise<number[]> {
	const { layers, heads, width } = CACHE;
	const int64 = (values: number[]) =>
		new ort.Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length]);
	const feeds: Tensors = {
		input_ids: int64(IDS),
		attention_mask: int64(IDS.map(() => 1)),
		use_cache_branch: new ort.Tensor('bool', Uint8Array.of(0), [1])
	};
	for (let layer = 0; layer < layers; layer++) {
		for (const part of ['key', 'value']) {
			feeds[`past_key_values.${layer}.${part}`] = new ort.Tensor('float32', new Float32Array(0), [
				1,
				heads,
				0,
				width
			]);
		}
	}
	const session = await createSession(toBinary(ModelProtoSchema, mergedDecoder()));
	const outputs = await session.run(feeds, ['logits']);
	await session.release();
	return [...floats(outputs, 'logits')];
}

describe('a merged decoder', () => {
	it('is taken by its branch without a cache, which puts out what it did', async () => {
		const { onnx } = await foundOnnx(mergedDecoder());
		expect(onnx.merged).toBe(true);
		expect(onnx.graph.node.some(({ opType }) => opType === 'If')).toBe(false);
		expect(difference(await logitsOf(onnx.proto, [IDS]), await mergedLogits())).toBeLessThan(1e-6);
	});

	it('has no inputs for the choice and the cache, and its attention is found', async () => {
		const report = onnxReport(await foundOnnx(mergedDecoder()));
		expect(report.inputs.map(({ name }) => name)).toEqual(['input_ids', 'attention_mask']);
		expect(report.layers.map(({ form, node }) => [form, node])).toEqual([
			['Softmax', 'layer.0.softmax'],
			['Softmax', 'layer.1.softmax'],
			['Softmax', 'layer.2.softmax']
		]);
		expect(report.layers[1].shareable).toEqual({
			possible: false,
			why: 'of a merged decoder: export without merging'
		});
	});

	it('keeps values of the branch apart from others of their names, and the weights of the branch', async () => {
		const expected = await mergedLogits();
		const model = mergedDecoder();
		const graph = graphOf(model);
		const branch = branchOf(graph);
		const [embedding] = graph.initializer.splice(
			graph.initializer.findIndex(({ name }) => name === 'embedding'),
			1
		);
		// The branch's own embedding, and outside, in use by the graph itself, another value of its name.
		branch.initializer.push(embedding);
		graph.initializer.push(
			create(TensorProtoSchema, { ...embedding, rawData: new Uint8Array(embedding.rawData.length) })
		);
		const flat = withoutCache(graph);
		if (flat === null) throw new TypeError('no merged decoder');
		const gather = flat.node.find(({ name }) => name === 'embed');
		expect(gather?.input[0]).toBe('embedding.2');
		const logits = await logitsOf(create(ModelProtoSchema, { ...model, graph: flat }), [IDS]);
		expect(difference(logits, expected)).toBeLessThan(1e-6);
	});

	it('is not written with a plan', async () => {
		const { onnx } = await foundOnnx(mergedDecoder());
		expect(() => checkWritable(onnx)).toThrow(
			/a merged decoder \(use_cache_branch\), .*; expected a model exported without merging$/
		);
	});
});

it('branches by another input are not looked into, which is said', async () => {
	const model = mergedDecoder();
	const { node, input } = graphOf(model);
	node[0].input = ['other'];
	for (const info of input) if (info.name === 'use_cache_branch') info.name = 'other';
	await expect(foundOnnx(model)).rejects.toThrow(
		/no attention that is known; operators: If 1; branches are not looked into, but for those of a merged decoder/
	);
});
