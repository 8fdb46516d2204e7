import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cachedOnnx, FORMS, onnxBytes, type Form } from '../../tests/builders/cachedOnnx.ts';
import { plainLogits } from '../../tests/builders/plainSharing.ts';
import { OnnxDecoder } from '../capture/onnxDecoder.ts';
import {
	AttributeProto_AttributeType,
	ModelProtoSchema,
	NodeProtoSchema,
	TensorProtoSchema,
	ValueInfoProtoSchema,
	type GraphProto,
	type ModelProto
} from '../graph/onnx_pb.ts';
import { GraphView } from './graphView.ts';
import { graphInputs } from './inputs.ts';
import { findOnnx, type FoundOnnx } from './open.ts';
import { shareAttention } from './share.ts';

const IDS = Array.from({ length: 20 }, (_, at) => (at * 17 + 3) % 50);
const OWN = [0, 1, 2, 3];
const HEAD_MAP = [3, 3, 0, 1];

let folder = '';
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-share-'));
});
afterAll(async () => {
	await rm(folder, { recursive: true, force: true });
});

async function opened(proto: ModelProto): Promise<FoundOnnx> {
	const file = join(folder, 'model.onnx');
	await writeFile(file, onnxBytes(proto));
	return findOnnx(file);
}

function planned(sources: (number | null)[], mapped: number[] = []) {
	return {
		sources,
		headMaps: sources.map((_, layer) => (mapped.includes(layer) ? HEAD_MAP : null))
	};
}

function graphOf({ graph }: ModelProto): GraphProto {
	if (graph === undefined) throw new TypeError('no graph');
	return graph;
}

async function decoderOf(proto: ModelProto): Promise<OnnxDecoder> {
	const inputs = graphInputs(new GraphView(graphOf(proto)), 'model.onnx');
	const past = inputs.filter(({ role }) => role === 'past');
	return OnnxDecoder.open({
		file: 'model.onnx',
		bytes: onnxBytes(proto),
		dataFolder: null,
		inputs,
		logits: 'logits',
		cache: new Map(past.map(({ name }) => [name, name.replace('past_key_values', 'present')]))
	});
}

async function logitsOf(
	proto: ModelProto,
	pieces: readonly (readonly number[])[]
): Promise<number[]> {
	const decoder = await decoderOf(proto);
	const state = decoder.start();
	const logits: number[] = [];
	for (const piece of pieces) logits.push(...(await decoder.read(state, piece)));
	await decoder.release();
	return logits;
}

function difference(a: readonly number[], b: readonly number[]): number {
	if (a.length !== b.length) return Infinity;
	return a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at])), 0);
}

const PLANS: { title: string; sources: (number | null)[]; mapped: number[] }[] = [
	{ title: 'nothing shared', sources: OWN, mapped: [] },
	{ title: 'a follower', sources: [0, 1, 1, 3], mapped: [] },
	{ title: 'followers of one source, heads mapped', sources: [0, 0, 0, 3], mapped: [1] },
	{ title: 'a layer left out', sources: [0, 1, 1, null], mapped: [2] },
	{ title: 'the first layer left out', sources: [null, 1, 1, 1], mapped: [] }
];
const CASES = FORMS.flatMap((form) =>
	[false, true].flatMap((skipNorms) => PLANS.map((plan) => ({ form, skipNorms, ...plan })))
);

describe('a shared model', () => {
	it.each(CASES.filter(({ form }) => form !== 'groupQueryPacked4bit'))(
		'$form, norms that add: $skipNorms: puts out what plain loops do: $title',
		async ({ form, skipNorms, sources, mapped }) => {
			const proto = cachedOnnx({ form, skipNorms });
			const plan = planned(sources, mapped);
			const shared = shareAttention(await opened(proto), plan);
			expect(shared.notes).toEqual([]);
			const expected = plainLogits(proto, form, IDS, sources, plan.headMaps);
			expect(difference(await logitsOf(shared.proto, [IDS]), expected)).toBeLessThan(2e-5);
		}
	);

	it.each(CASES.filter(({ skipNorms }) => !skipNorms))(
		'$form: reads token by token through its cache what it reads at once: $title',
		async ({ form, sources, mapped }) => {
			const { proto } = shareAttention(
				await opened(cachedOnnx({ form })),
				planned(sources, mapped)
			);
			const steps = [IDS.slice(0, 8), ...IDS.slice(8, 16).map((id) => [id]), IDS.slice(16)];
			const [whole, stepped] = [await logitsOf(proto, [IDS]), await logitsOf(proto, steps)];
			expect(difference(whole, stepped)).toBeLessThan(2e-5);
		}
	);

	it.each(FORMS)(
		'%s: followers have no keys in the cache, left-out layers none at all',
		async (form) => {
			const { proto } = shareAttention(
				await opened(cachedOnnx({ form })),
				planned([0, 1, 1, null])
			);
			const graph = graphOf(proto);
			const kept = ['0.key', '0.value', '1.key', '1.value', '2.value'];
			expect(graph.input.map(({ name }) => name)).toEqual([
				'input_ids',
				'attention_mask',
				...kept.map((name) => `past_key_values.${name}`)
			]);
			expect(graph.output.map(({ name }) => name)).toEqual([
				'logits',
				...kept.map((name) => `present.${name}`)
			]);
		}
	);

	it('has no weights of q and k of followers, and none of the attention of left-out layers', async () => {
		const model = await opened(cachedOnnx({ form: 'softmax' }));
		const { proto } = shareAttention(model, planned([0, 1, 1, null]));
		const left = new Set(graphOf(proto).initializer.map(({ name }) => name));
		const gone = model.onnx.graph.initializer
			.map(({ name }) => name)
			.filter((name) => !left.has(name));
		const parts = (names: string[]) => names.flatMap((name) => [`${name}.weight`, `${name}.bias`]);
		expect(gone.sort()).toEqual(
			[...parts(['2.q', '2.k', '3.q', '3.k', '3.v', '3.o']), '3.norm1.weight'].sort()
		);
	});

	it('has the softmax of a written-out source once, as it was', async () => {
		const model = await opened(cachedOnnx({ form: 'softmax' }));
		const { proto } = shareAttention(model, planned([0, 1, 1, 1]));
		const count = graphOf(proto).node.filter(({ opType }) => opType === 'Softmax').length;
		expect(count).toBe(2);
	});

	it.each(['softmaxPacked', 'groupQueryPacked', 'groupQueryPacked4bit'] as const)(
		'%s: is cut down to the columns of the values',
		async (form) => {
			const { proto } = shareAttention(await opened(cachedOnnx({ form })), planned([0, 1, 1, 3]));
			const [own, cut] = ['1.qkv.product', '2.qkv.product'].map((name) =>
				graphOf(proto).node.find((node) => node.name === name)
			);
			const sizes = [own, cut].map((node) =>
				graphOf(proto)
					.initializer.find(({ name }) => name === node?.input[1])
					?.dims.map(Number)
			);
			const expected =
				form !== 'groupQueryPacked4bit'
					? [
							[64, 128],
							[64, 32]
						]
					: [
							[128, 2, 16],
							[32, 2, 16]
						];
			expect(sizes).toEqual(expected);
		}
	);

	it('keeps a packed product whose weight is computed, and says so', async () => {
		const proto = cachedOnnx({ form: 'groupQueryPacked' });
		const graph = graphOf(proto);
		const at = graph.node.findIndex(({ name }) => name === '2.qkv.product');
		const cast = create(NodeProtoSchema, {
			name: 'computed',
			opType: 'Cast',
			input: [graph.node[at].input[1]],
			output: ['computed'],
			attribute: [{ name: 'to', type: AttributeProto_AttributeType.INT, i: 1n }]
		});
		graph.node[at].input[1] = 'computed';
		graph.node.splice(at, 0, cast);
		const plan = planned([0, 1, 1, 3]);
		const shared = shareAttention(await opened(proto), plan);
		expect(shared.notes).toEqual([
			'layer 2: q, k and v are one product, which is kept whole: its weight cannot be cut'
		]);
		const plain = plainLogits(proto, 'groupQueryPacked', IDS, plan.sources, plan.headMaps);
		expect(difference(await logitsOf(shared.proto, [IDS]), plain)).toBeLessThan(2e-5);
	});
});

describe('a written-out layer whose q, k and v are one product', () => {
	it('has a Slice of the values followed back to the product too', async () => {
		const proto = cachedOnnx({ form: 'softmaxPacked' });
		const graph = graphOf(proto);
		const at = graph.node.findIndex(({ name }) => name === '2.qkv.split');
		const split = graph.node[at];
		const bounds: Record<string, [number, number]> = {
			'2.q.split': [0, 64],
			'2.k.split': [64, 96],
			'2.v.split': [96, Number.MAX_SAFE_INTEGER]
		};
		const constant = (value: number): string => {
			const name = `bound.${value}`;
			const rawData = new Uint8Array(BigInt64Array.of(BigInt(value)).buffer);
			if (!graph.initializer.some((tensor) => tensor.name === name)) {
				graph.initializer.push(
					create(TensorProtoSchema, { name, dataType: 7, dims: [1n], rawData })
				);
			}
			return name;
		};
		const slices = Object.entries(bounds).map(([output, [start, end]]) =>
			create(NodeProtoSchema, {
				name: `${output}.slice`,
				opType: 'Slice',
				input: [split.input[0], constant(start), constant(end), constant(2)],
				output: [output]
			})
		);
		graph.node.splice(at, 1, ...slices);
		const plan = planned([0, 1, 1, 3], [2]);
		const shared = shareAttention(await opened(proto), plan);
		expect(shared.notes).toEqual([]);
		const names = graphOf(shared.proto).initializer.map(({ name }) => name);
		expect(names).not.toContain('2.qkv.weight');
		const plain = plainLogits(proto, 'softmaxPacked', IDS, plan.sources, plan.headMaps);
		expect(difference(await logitsOf(shared.proto, [IDS]), plain)).toBeLessThan(2e-5);
	});

	it('has shapes read off the values that were read off queries or keys of the same shape', async () => {
		const proto = cachedOnnx({ form: 'softmaxPacked', kvHeads: 4 });
		const graph = graphOf(proto);
		const at = graph.node.findIndex(({ name }) => name === '2.attention.join');
		const shape = create(NodeProtoSchema, {
			name: 'shape of q',
			opType: 'Shape',
			input: ['2.q.split'],
			output: ['shape of q']
		});
		graph.node[at].input[1] = 'shape of q';
		graph.node.splice(at, 0, shape);
		const plan = planned([0, 1, 1, 3], [2]);
		const shared = shareAttention(await opened(proto), plan);
		expect(shared.notes).toEqual([]);
		const plain = plainLogits(proto, 'softmaxPacked', IDS, plan.sources, plan.headMaps);
		expect(difference(await logitsOf(shared.proto, [IDS]), plain)).toBeLessThan(2e-5);
	});

	it('keeps the product, and says so, where heads of q, k and v alternate in it', async () => {
		const proto = cachedOnnx({ form: 'softmaxPacked' });
		const split = graphOf(proto).node.find(({ name }) => name === '2.qkv.split');
		split?.output.push(split.output.shift() ?? '');
		const shared = shareAttention(await opened(proto), planned([0, 1, 1, 3]));
		expect(shared.notes).toEqual([
			'layer 2: q, k and v are one product, which is kept whole: its weight cannot be cut'
		]);
	});
});

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
		const model = await opened(withUnknown(form));
		const { proto } = shareAttention(model, planned(OWN));
		expect(Buffer.from(onnxBytes(proto)).equals(onnxBytes(model.onnx.proto))).toBe(true);
	});

	it.each(FORMS)(
		'%s: nodes and weights stay the bytes they were, unknown fields included, in their order',
		async (form) => {
			const model = await opened(withUnknown(form));
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
				multiHead: ['1.attention']
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
		const model = await opened(withUnknown('softmax'));
		const { proto } = shareAttention(model, planned([0, 1, 1, 3]));
		expect(graphOf(proto).valueInfo.map(({ name }) => name)).toEqual(['0.q.product/output']);
	});

	it('takes a plan for what was written with one already', async () => {
		const model = await opened(cachedOnnx({ form: 'softmax' }));
		const once = shareAttention(model, planned([0, 1, 2, null]));
		const again = await opened(once.proto);
		expect(again.layers).toHaveLength(3);
		const twice = shareAttention(again, planned([0, 1, null]));
		const expected = shareAttention(
			await opened(cachedOnnx({ form: 'softmax' })),
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
			return error instanceof Error ? error.message.replace(`${folder}/`, '') : '';
		}
		return 'not refused';
	};

	it('a plan of another number of layers', async () => {
		const model = await opened(cachedOnnx({ form: 'groupQuery' }));
		expect(refusal(model, [0, 1, 1])).toMatch(/^model\.onnx: plan of 3 layers; .* has 4$/);
	});

	it('a follower whose keys are normed inside the node', async () => {
		const proto = cachedOnnx({ form: 'groupQuery' });
		const node = graphOf(proto).node.find(({ name }) => name === '2.attention');
		node?.input.push('', '', '', '', '', 'cos_cache', 'cos_cache');
		expect(refusal(await opened(proto), [0, 1, 1, 3])).toBe(
			'model.onnx: layer 2: com.microsoft.GroupQueryAttention 2.attention cannot be a follower: onnxruntime cannot run the node on the CPU'
		);
	});

	it('a source without probabilities', async () => {
		const proto = cachedOnnx({ form: 'groupQuery' });
		const node = graphOf(proto).node.find(({ name }) => name === '1.attention');
		if (node !== undefined) node.opType = 'PagedAttention';
		expect(refusal(await opened(proto), [0, 1, 1, 3])).toBe(
			'model.onnx: layer 1: com.microsoft.PagedAttention 1.attention cannot be a source: the node has no output for them'
		);
	});

	it('layers of different reach', async () => {
		const proto = cachedOnnx({ form: 'groupQuery' });
		const node = graphOf(proto).node.find(({ name }) => name === '2.attention');
		const heads = node?.attribute.find(({ name }) => name === 'num_heads');
		if (heads !== undefined) node?.attribute.push({ ...heads, name: 'local_window_size', i: 8n });
		expect(refusal(await opened(proto), [0, 1, 1, 3])).toBe(
			'model.onnx: layer 2: com.microsoft.GroupQueryAttention 2.attention sees 8 tokens; its source, layer 1, every token before'
		);
	});

	it('a head map of heads that are not there', async () => {
		const model = await opened(cachedOnnx({ form: 'groupQuery' }));
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
		expect(refusal(await opened(proto), [0, 1, 1, 3])).toBe(
			'ReduceMean other takes past_key_values.2.key, which the plan does away with; expected attention alone to take it'
		);
	});
});
