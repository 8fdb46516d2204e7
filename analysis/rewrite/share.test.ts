import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { cachedOnnx, FORMS, type Form } from '../../tests/builders/cachedOnnx.ts';
import { plainLogits } from '../../tests/builders/plainSharing.ts';
import {
	difference,
	foundOnnx,
	graphOf,
	logitsOf,
	planned
} from '../../tests/builders/sharedOnnx.ts';
import {
	AttributeProto_AttributeType,
	NodeProtoSchema,
	TensorProtoSchema
} from '../proto/onnx_pb.ts';
import { GraphView } from '../model/onnx/graphView.ts';
import { shareAttention } from './share.ts';

const IDS = Array.from({ length: 20 }, (_, at) => (at * 17 + 3) % 50);
const OWN = [0, 1, 2, 3];

const PLANS: { title: string; sources: (number | null)[]; mapped: number[] }[] = [
	{ title: 'nothing shared', sources: OWN, mapped: [] },
	{ title: 'a follower', sources: [0, 1, 1, 3], mapped: [] },
	{ title: 'followers of one source, heads mapped', sources: [0, 0, 0, 3], mapped: [1] },
	{ title: 'a dropped layer', sources: [0, 1, 1, null], mapped: [2] },
	{ title: 'the first layer dropped', sources: [null, 1, 1, 1], mapped: [] }
];
/** Adding in the norms is rewritten apart from the attention: once with each kind of it is enough. */
const SKIPPING: readonly Form[] = ['softmax', 'groupQuery'];
const CASES = FORMS.flatMap((form) =>
	(SKIPPING.includes(form) ? [false, true] : [false]).flatMap((skipNorms) =>
		PLANS.map((plan) => ({ form, skipNorms, ...plan }))
	)
);

/** Note on followers whose caches held keys and values in one tensor. */
const IN_ONE =
	'caches of followers, of keys and values in one tensor, hold values alone: [1, batch, heads, tokens, width]';

describe('a shared model', () => {
	it.each(CASES.filter(({ form }) => form !== 'groupQueryPacked4bit'))(
		'$form, norms that add: $skipNorms: puts out what plain loops do: $title',
		async ({ form, skipNorms, sources, mapped }) => {
			const proto = cachedOnnx({ form, skipNorms });
			const plan = planned(sources, mapped);
			const shared = shareAttention(await foundOnnx(proto), plan);
			const follows = sources.some((source, layer) => source !== null && source !== layer);
			expect(shared.notes).toEqual(form === 'contribPacked' && follows ? [IN_ONE] : []);
			const expected = plainLogits(proto, form, IDS, sources, plan.headMaps);
			expect(difference(await logitsOf(shared.proto, [IDS]), expected)).toBeLessThan(2e-5);
		}
	);

	it.each(CASES.filter(({ skipNorms }) => !skipNorms))(
		'$form: reads token by token through its cache what it reads at once: $title',
		async ({ form, sources, mapped }) => {
			const { proto } = shareAttention(
				await foundOnnx(cachedOnnx({ form })),
				planned(sources, mapped)
			);
			const steps = [IDS.slice(0, 8), ...IDS.slice(8, 16).map((id) => [id]), IDS.slice(16)];
			const [whole, stepped] = [await logitsOf(proto, [IDS]), await logitsOf(proto, steps)];
			expect(difference(whole, stepped)).toBeLessThan(2e-5);
		}
	);

	it.each(FORMS.filter((form) => form !== 'contribPacked'))(
		'%s: followers have no keys in the cache, dropped layers none at all',
		async (form) => {
			const { proto } = shareAttention(
				await foundOnnx(cachedOnnx({ form })),
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

	it('keeps the cache of a follower under its name and rank where it was one of keys and values: values alone', async () => {
		const { proto } = shareAttention(
			await foundOnnx(cachedOnnx({ form: 'contribPacked' })),
			planned([0, 1, 1, null])
		);
		const { input, output } = graphOf(proto);
		const view = new GraphView(graphOf(proto));
		const shapes = [...input, ...output]
			.filter(({ name }) => name.includes('.'))
			.map(({ name }) => [name, view.shape(name)]);
		expect(shapes).toEqual([
			['past_key_values.0', [2, 'batch', 4, 'past', 16]],
			['past_key_values.1', [2, 'batch', 4, 'past', 16]],
			['past_key_values.2', [1, 'batch', 4, 'past', 16]],
			['present.0', [2, 'batch', 4, 'total', 16]],
			['present.1', [2, 'batch', 4, 'total', 16]],
			['present.2', [1, 'batch', 4, 'total', 16]]
		]);
	});

	it('has no weights of q and k of followers, and none of the attention of dropped layers', async () => {
		const model = await foundOnnx(cachedOnnx({ form: 'softmax' }));
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
		const model = await foundOnnx(cachedOnnx({ form: 'softmax' }));
		const { proto } = shareAttention(model, planned([0, 1, 1, 1]));
		const count = graphOf(proto).node.filter(({ opType }) => opType === 'Softmax').length;
		expect(count).toBe(2);
	});

	it.each(['softmaxPacked', 'groupQueryPacked', 'groupQueryPacked4bit'] as const)(
		'%s: is cut down to the columns of the values',
		async (form) => {
			const { proto } = shareAttention(
				await foundOnnx(cachedOnnx({ form })),
				planned([0, 1, 1, 3])
			);
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
		const shared = shareAttention(await foundOnnx(proto), plan);
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
		const shared = shareAttention(await foundOnnx(proto), plan);
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
		const shared = shareAttention(await foundOnnx(proto), plan);
		expect(shared.notes).toEqual([]);
		const plain = plainLogits(proto, 'softmaxPacked', IDS, plan.sources, plan.headMaps);
		expect(difference(await logitsOf(shared.proto, [IDS]), plain)).toBeLessThan(2e-5);
	});

	it('keeps the product, and says so, where heads of q, k and v alternate in it', async () => {
		const proto = cachedOnnx({ form: 'softmaxPacked' });
		const split = graphOf(proto).node.find(({ name }) => name === '2.qkv.split');
		split?.output.push(split.output.shift() ?? '');
		const shared = shareAttention(await foundOnnx(proto), planned([0, 1, 1, 3]));
		expect(shared.notes).toEqual([
			'layer 2: q, k and v are one product, which is kept whole: its weight cannot be cut'
		]);
	});
});
