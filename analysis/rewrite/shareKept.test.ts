import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import { cachedOnnx, FORMS, onnxBytes, type Form } from '../../tests/builders/cachedOnnx.ts';
import {
	difference,
	foundOnnx,
	graphOf,
	logitsOf,
	planned
} from '../../tests/builders/sharedOnnx.ts';
import {
	ModelProtoSchema,
	NodeProtoSchema,
	TensorProtoSchema,
	ValueInfoProtoSchema,
	type ModelProto
} from '../proto/onnx_pb.ts';
import type { FoundOnnx } from '../model/onnx/open.ts';
import { shareAttention } from './share.ts';

const IDS = Array.from({ length: 20 }, (_, at) => (at * 17 + 3) % 50);
const OWN = [0, 1, 2, 3];

describe('what a plan leaves alone', () => {
	/** A field that Spanwise does not know, in a node, a tensor, the graph and the model: doc_string and metadata. */
	function withUnknown(form: Form): ModelProto {
		const unknown = (no: number, text: string) => ({
			no,
			wireType: WireType.LengthDelimited,
			data: Uint8Array.from([text.length, ...new TextEncoder().encode(text)])
		});
		const proto = cachedOnnx({ form });
		const graph = graphOf(proto);
		for (const node of graph.node) node.$unknown = [unknown(6, `of ${node.name}`.slice(0, 60))];
		for (const tensor of graph.initializer) tensor.$unknown = [unknown(12, 'a weight')];
		graph.$unknown = [unknown(10, 'the graph')];
		proto.$unknown = [unknown(6, 'the model'), unknown(14, '\n\u0001a\u0012\u0001b')];
		graph.valueInfo.push(
			create(ValueInfoProtoSchema, { name: '0.q.product/output' }),
			create(ValueInfoProtoSchema, { name: '2.q.product/output' })
		);
		return fromBinary(ModelProtoSchema, toBinary(ModelProtoSchema, proto));
	}

	it.each(FORMS)('%s: is byte for byte as it was where nothing is shared', async (form) => {
		const model = await foundOnnx(withUnknown(form));
		const { proto } = shareAttention(model, planned(OWN));
		expect(Buffer.from(onnxBytes(proto)).equals(onnxBytes(model.onnx.proto))).toBe(true);
	});

	it.each(FORMS)(
		'%s: nodes and weights stay the bytes they were, unknown fields included, in their order',
		async (form) => {
			const model = await foundOnnx(withUnknown(form));
			const { proto } = shareAttention(model, planned([0, 1, 1, null]));
			const before = new Map(
				model.onnx.graph.node.map((node) => [node.name, toBinary(NodeProtoSchema, node)])
			);
			const added = (name: string) => name.startsWith('spanwise.');
			const graph = graphOf(proto);
			const changed = graph.node.filter((node) => {
				const bytes = before.get(node.name);
				return bytes !== undefined && !Buffer.from(bytes).equals(toBinary(NodeProtoSchema, node));
			});
			// The source puts out its probabilities; the follower takes them; a packed product is cut.
			const expected: Record<Form, string[]> = {
				softmax: ['2.attention.mix'],
				softmaxPacked: ['2.qkv.product', '2.attention.mix'],
				attention: ['1.attention'],
				groupQuery: ['1.attention'],
				groupQueryPacked: ['1.attention', '2.qkv.product', '2.qkv.bias'],
				groupQueryPacked4bit: ['1.attention', '2.qkv.product', '2.qkv.bias'],
				multiHead: ['1.attention'],
				contribPacked: []
			};
			expect(changed.map(({ name }) => name)).toEqual(expected[form]);
			const order = [...before.keys()].filter((name) =>
				graph.node.some((node) => node.name === name)
			);
			expect(graph.node.map(({ name }) => name).filter((name) => !added(name))).toEqual(order);
			const tensors = new Map(
				model.onnx.graph.initializer.map((tensor) => [
					tensor.name,
					toBinary(TensorProtoSchema, tensor)
				])
			);
			for (const tensor of graph.initializer.filter(({ name }) => !added(name))) {
				const bytes = Buffer.from(tensors.get(tensor.name) ?? []);
				expect(bytes.equals(toBinary(TensorProtoSchema, tensor)), tensor.name).toBe(true);
			}
			expect(proto.$unknown).toEqual(model.onnx.proto.$unknown);
			expect(graph.$unknown).toEqual(model.onnx.graph.$unknown);
		}
	);

	it('declares no longer what is gone', async () => {
		const model = await foundOnnx(withUnknown('softmax'));
		const { proto } = shareAttention(model, planned([0, 1, 1, 3]));
		expect(graphOf(proto).valueInfo.map(({ name }) => name)).toEqual(['0.q.product/output']);
	});

	it('takes a plan for what was written with one already', async () => {
		const model = await foundOnnx(cachedOnnx({ form: 'softmax' }));
		const once = shareAttention(model, planned([0, 1, 2, null]));
		const again = await foundOnnx(once.proto);
		expect(again.layers).toHaveLength(3);
		const twice = shareAttention(again, planned([0, 1, null]));
		const expected = shareAttention(
			await foundOnnx(cachedOnnx({ form: 'softmax' })),
			planned([0, 1, null, null])
		);
		const found = await logitsOf(twice.proto, [IDS]);
		expect(difference(found, await logitsOf(expected.proto, [IDS]))).toBeLessThan(1e-6);
	});
});

describe('what cannot be shared is refused', () => {
	const refusal = (model: FoundOnnx, sources: (number | null)[], mapped: number[] = []): string => {
		try {
			shareAttention(model, planned(sources, mapped));
		} catch (error) {
			return error instanceof Error ? error.message.replace(/^.*\/(?=model\.onnx)/, '') : '';
		}
		return 'not refused';
	};

	it('a plan of another number of layers', async () => {
		const model = await foundOnnx(cachedOnnx({ form: 'groupQuery' }));
		expect(refusal(model, [0, 1, 1])).toMatch(/^model\.onnx: plan of 3 layers; .* has 4$/);
	});

	it('a follower whose keys are normed inside the node', async () => {
		const proto = cachedOnnx({ form: 'groupQuery' });
		const node = graphOf(proto).node.find(({ name }) => name === '2.attention');
		node?.input.push('', '', '', '', '', 'cos_cache', 'cos_cache');
		expect(refusal(await foundOnnx(proto), [0, 1, 1, 3])).toBe(
			'model.onnx: layer 2: com.microsoft.GroupQueryAttention 2.attention cannot be a follower: onnxruntime cannot run the node on the CPU'
		);
	});

	it('a source without probabilities', async () => {
		const proto = cachedOnnx({ form: 'groupQuery' });
		const node = graphOf(proto).node.find(({ name }) => name === '1.attention');
		if (node !== undefined) node.opType = 'PagedAttention';
		expect(refusal(await foundOnnx(proto), [0, 1, 1, 3])).toBe(
			'model.onnx: layer 1: com.microsoft.PagedAttention 1.attention cannot be a source: the node has no output for them'
		);
	});

	it('layers with different sliding windows', async () => {
		const proto = cachedOnnx({ form: 'groupQuery' });
		const node = graphOf(proto).node.find(({ name }) => name === '2.attention');
		const heads = node?.attribute.find(({ name }) => name === 'num_heads');
		if (heads !== undefined) node?.attribute.push({ ...heads, name: 'local_window_size', i: 8n });
		expect(refusal(await foundOnnx(proto), [0, 1, 1, 3])).toBe(
			'model.onnx: layer 2: com.microsoft.GroupQueryAttention 2.attention sees 8 tokens; its source, layer 1, every token before'
		);
	});

	it('a head map of heads that are not there', async () => {
		const model = await foundOnnx(cachedOnnx({ form: 'groupQuery' }));
		const headMaps = [null, null, [0, 1, 2, 4], null];
		expect(() => shareAttention(model, { sources: [0, 1, 1, 3], headMaps })).toThrow(
			'head map [0, 1, 2, 4]; expected 4 heads of 4'
		);
	});

	it('a cache of which something else takes the keys', async () => {
		const proto = cachedOnnx({ form: 'softmax' });
		const other = { name: 'other', opType: 'ReduceMean', output: ['other'] };
		graphOf(proto).node.push(
			create(NodeProtoSchema, { ...other, input: ['past_key_values.2.key'] })
		);
		graphOf(proto).output.push(create(ValueInfoProtoSchema, { name: 'other' }));
		expect(refusal(await foundOnnx(proto), [0, 1, 1, 3])).toBe(
			'node ReduceMean other reads past_key_values.2.key, which this plan removes; only the attention block may read it'
		);
	});
});
