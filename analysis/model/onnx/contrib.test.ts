import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { cachedOnnx } from '../../../tests/builders/cachedOnnx.ts';
import { uniform } from '../../../tests/builders/checkpoint.ts';
import { foundOnnx, graphOf, planned } from '../../../tests/builders/sharedOnnx.ts';
import { createSession, floats, tensor, type Tensors } from '../../engine/session.ts';
import { FLOAT, GraphBuilder, INT32, MICROSOFT, valueInfo } from '../../proto/builder.ts';
import {
	AttributeProto_AttributeType as AttributeType,
	AttributeProtoSchema,
	ModelProtoSchema,
	NodeProtoSchema,
	type ModelProto
} from '../../proto/onnx_pb.ts';
import { findAttention } from './attention.ts';
import { GraphView } from './graphView.ts';
import { GraphRewrite } from '../../rewrite/rewrite.ts';
import { shareAttention } from '../../rewrite/share.ts';
import { exposeProbabilities } from '../../rewrite/shareSource.ts';

const [BATCH, HEADS, NEW, HIDDEN, WIDTH] = [2, 4, 5, 24, 8];

/** Inputs and attributes of a node besides hidden states and a weight. */
interface Kind {
	title: string;
	past?: number;
	causal?: boolean;
	/** Dimensions of mask_index. */
	mask?: 2 | 3;
	/** Dimensions of attention_bias before those of tokens. */
	added?: [number, number];
	valueWidth?: number;
	scale?: number;
	filter?: number;
	/** Of the standard operators. */
	opset?: bigint;
}

const KINDS: Kind[] = [
	{ title: 'causal', causal: true },
	{ title: 'causal, with a cache', causal: true, past: 3 },
	{ title: 'one new token and a cache', causal: true, past: 4 },
	{ title: 'a mask of padding and a cache', causal: true, past: 3, mask: 2 },
	{ title: 'a mask of every pair, and not causal', mask: 3, past: 2 },
	{ title: 'a mask of every pair, and causal', mask: 3, causal: true, opset: 11n },
	{ title: 'scores that are added to, by head', causal: true, added: [1, HEADS] },
	{ title: 'scores that are added to, by sequence, and a mask', added: [BATCH, 1], mask: 3 },
	{ title: 'values wider than keys', causal: true, valueWidth: 12 },
	{ title: 'a scale and a weak mask of its own', scale: 0.5, filter: -2, mask: 2, causal: true }
];

interface Given {
	feeds: Tensors;
	value: (name: string) => Float32Array;
	shows: (batch: number, query: number, key: number) => boolean;
}

function tokensOf({ title }: Kind): number {
	return title.startsWith('one new') ? 1 : NEW;
}

/** A graph of one node, and what it is fed. */
function oneNode(kind: Kind): { proto: ModelProto; given: Given } {
	const { past, valueWidth = WIDTH } = kind;
	const [tokens, random] = [tokensOf(kind), uniform(3)];
	const keys = tokens + (past ?? 0);
	const columns = HEADS * (2 * WIDTH + valueWidth);
	const graph = new GraphBuilder('one node');
	const values = new Map<string, Float32Array>();
	const feeds: Tensors = {};
	const draw = (name: string, dims: number[]): Float32Array => {
		const count = dims.reduce((product, size) => product * size, 1);
		const drawn = Float32Array.from({ length: count }, () => random());
		values.set(name, drawn);
		return drawn;
	};
	const fed = (name: string, dims: number[]): string => {
		feeds[name] = tensor(draw(name, dims), dims);
		return graph.input(
			name,
			dims.map((_, axis) => `${name} ${axis}`)
		);
	};
	const held = (name: string, dims: number[]) => graph.constant(name, draw(name, dims), dims);
	const inputs = [fed('x', [BATCH, tokens, HIDDEN]), held('weight', [HIDDEN, columns])];
	inputs.push(held('bias', [columns]));
	const maskDims = kind.mask === 2 ? [BATCH, keys] : [BATCH, tokens, keys];
	const shown = Int32Array.from(
		{ length: BATCH * (kind.mask === 3 ? tokens : 1) * keys },
		(_, at) =>
			// Of the second sequence the first two keys are padding; of pairs every third is hidden, but for the first key.
			kind.mask === 2 ? Number(at < keys || at % keys > 1) : Number(at % keys === 0 || at % 3 > 0)
	);
	if (kind.mask !== undefined) {
		feeds.mask = new ort.Tensor('int32', shown, maskDims);
		const names = maskDims.map((_, axis) => `mask ${axis}`);
		inputs.push(graph.input('mask', names, INT32));
	} else inputs.push('');
	inputs.push(past === undefined ? '' : fed('past', [2, BATCH, HEADS, past, WIDTH]));
	inputs.push(kind.added === undefined ? '' : fed('added', [...kind.added, tokens, keys]));
	graph.node('attention', 'Attention', inputs, {
		domain: MICROSOFT,
		outputs: past === undefined ? ['y'] : ['y', 'present'],
		attributes: {
			num_heads: BigInt(HEADS),
			unidirectional: kind.causal === true ? 1n : 0n,
			...(kind.scale !== undefined && { scale: kind.scale }),
			...(kind.filter !== undefined && { mask_filter_value: kind.filter }),
			...(valueWidth !== WIDTH && {
				qkv_hidden_sizes: [WIDTH, WIDTH, valueWidth].map((width) => BigInt(HEADS * width))
			})
		}
	});
	graph.output('y', ['batch', 'tokens', HEADS * valueWidth]);
	if (past !== undefined) graph.output('present', [2, 'batch', HEADS, 'keys', WIDTH]);
	const proto = fromBinary(ModelProtoSchema, graph.build());
	if (kind.opset !== undefined) proto.opsetImport[0].version = kind.opset;
	const shows = (batch: number, query: number, key: number): boolean => {
		if (kind.mask === undefined) return true;
		return shown[(kind.mask === 2 ? batch : batch * tokens + query) * keys + key] > 0;
	};
	return { proto, given: { feeds, shows, value: (name) => values.get(name) ?? Float32Array.of() } };
}

/** Probabilities [B, H, S, keys] of the node in plain loops. */
function plainProbabilities(kind: Kind, { value, shows }: Given): number[] {
	const [tokens, past] = [tokensOf(kind), kind.past ?? 0];
	const keys = tokens + past;
	const columns = HEADS * (2 * WIDTH + (kind.valueWidth ?? WIDTH));
	const [x, weight, bias, cache, added] = ['x', 'weight', 'bias', 'past', 'added'].map(value);
	const project = (batch: number, token: number, column: number): number => {
		let sum = bias[column];
		for (let at = 0; at < HIDDEN; at++)
			sum += x[(batch * tokens + token) * HIDDEN + at] * weight[at * columns + column];
		return sum;
	};
	const keyOf = (batch: number, head: number, key: number, at: number): number =>
		key < past
			? cache[((batch * HEADS + head) * past + key) * WIDTH + at]
			: project(batch, key - past, (HEADS + head) * WIDTH + at);
	const addedTo = (batch: number, head: number, query: number, key: number): number => {
		if (kind.added === undefined) return 0;
		const [batches, heads] = kind.added;
		const row = (batches === 1 ? 0 : batch) * heads + (heads === 1 ? 0 : head);
		return added[(row * tokens + query) * keys + key];
	};
	const all: number[] = [];
	for (let batch = 0; batch < BATCH; batch++) {
		for (let head = 0; head < HEADS; head++) {
			for (let query = 0; query < tokens; query++) {
				const scores = Array.from({ length: keys }, (_, key) => {
					if (kind.causal === true && key > past + query) return -Infinity;
					let sum = 0;
					for (let at = 0; at < WIDTH; at++)
						sum += project(batch, query, head * WIDTH + at) * keyOf(batch, head, key, at);
					const hidden = shows(batch, query, key) ? 0 : (kind.filter ?? -10000);
					const scaled = sum * (kind.scale ?? 1 / Math.sqrt(WIDTH));
					return scaled + hidden + addedTo(batch, head, query, key);
				});
				const most = Math.max(...scores);
				const powers = scores.map((score) => Math.exp(score - most));
				const whole = powers.reduce((sum, power) => sum + power, 0);
				all.push(...powers.map((power) => power / whole));
			}
		}
	}
	return all;
}

async function run(proto: ModelProto, feeds: Tensors): Promise<(name: string) => Float32Array> {
	const session = await createSession(toBinary(ModelProtoSchema, proto));
	const outputs = await session.run(feeds);
	await session.release();
	return (name) => floats(outputs, name);
}

function furthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
	if (a.length !== b.length) return Infinity;
	return Array.from(a).reduce((most, value, at) => Math.max(most, Math.abs(value - b[at])), 0);
}

/** The graph of one node with the node written out and its probabilities put out. */
function writtenOut(proto: ModelProto): { written: ModelProto; probabilities: string } {
	const view = new GraphView(graphOf(proto));
	const [attention] = findAttention(view);
	const rewrite = new GraphRewrite(view);
	const probabilities = exposeProbabilities(rewrite, attention);
	rewrite.addOutput(valueInfo(probabilities, FLOAT, ['batch', 'heads', 'queries', 'keys']));
	return { written: { ...proto, graph: rewrite.finish() }, probabilities };
}

describe('com.microsoft Attention written out in operators', () => {
	it.each(KINDS)('puts out what the node does, and plain probabilities: $title', async (kind) => {
		const { proto, given } = oneNode(kind);
		const { written, probabilities } = writtenOut(proto);
		expect(graphOf(written).node.some(({ domain }) => domain === MICROSOFT)).toBe(false);
		const [before, after] = [await run(proto, given.feeds), await run(written, given.feeds)];
		expect(furthest(after(probabilities), plainProbabilities(kind, given))).toBeLessThan(1e-6);
		expect(furthest(after('y'), before('y'))).toBeLessThan(1e-5);
		if (kind.past !== undefined)
			expect(furthest(after('present'), before('present'))).toBeLessThan(1e-5);
	});
});

describe('what is known of a node before any run', () => {
	const attribute = (name: string, i: bigint) =>
		create(AttributeProtoSchema, { name, type: AttributeType.INT, i });
	const reasonOf = (change: (proto: ModelProto) => void, kind: Kind): string => {
		const { proto } = oneNode(kind);
		change(proto);
		const [{ probabilities, sharing }] = findAttention(new GraphView(graphOf(proto)));
		expect(sharing.possible).toBe(false);
		return probabilities.how === 'none' ? probabilities.reason : 'none';
	};

	it('heads, their width and the cache', () => {
		const { proto } = oneNode(KINDS[1]);
		expect(findAttention(new GraphView(graphOf(proto)))).toMatchObject([
			{
				operator: 'com.microsoft.Attention',
				heads: HEADS,
				kvHeads: HEADS,
				headDim: WIDTH,
				probabilities: { how: 'written' },
				values: { pastKey: null, pastValue: 'past', presentKey: null, presentValue: 'present' }
			}
		]);
	});

	it.each([
		['do_rotary', 'do_rotary turns q and k inside the node'],
		['past_present_share_buffer', 'past and present are one buffer']
	])('%s is refused', (name, reason) => {
		const change = ({ graph }: ModelProto) => graph?.node[0].attribute.push(attribute(name, 1n));
		expect(reasonOf(change, KINDS[0])).toContain(reason);
	});

	it('a node without biases is refused', () => {
		const change = ({ graph }: ModelProto) => graph?.node[0].input.splice(2);
		expect(reasonOf(change, KINDS[0])).toBe(
			'it has no biases, without which the CPU kernel crashes'
		);
	});

	it.each([
		[1, 'mask_index holds lengths, as encoders have; expected a mask of its own'],
		[4, 'mask_index has 4 dimensions, which the CPU kernel does not take'],
		[null, 'the number of dimensions of mask_index cannot be told from the graph']
	])('a mask of %s dimensions is refused', (rank, reason) => {
		const change = ({ graph }: ModelProto) => {
			const input = graph?.input.find(({ name }) => name === 'mask');
			const names = Array.from({ length: rank ?? 0 }, (_, axis) => `axis ${axis}`);
			if (input !== undefined) {
				input.type = rank === null ? undefined : valueInfo('mask', INT32, names).type;
			}
		};
		expect(reasonOf(change, KINDS[3])).toBe(reason);
	});

	it('a weight whose width is not declared is refused', () => {
		const change = ({ graph }: ModelProto) => {
			if (graph === undefined) return;
			graph.initializer = graph.initializer.filter(({ name }) => name !== 'weight');
			graph.input.push(valueInfo('weight', FLOAT, ['in', 'columns']));
		};
		expect(reasonOf(change, { title: '' })).toBe(
			'the widths of q, k and v cannot be told from the graph'
		);
	});
});

describe('a follower among com.microsoft Attention nodes', () => {
	const plan = planned([0, 1, 1, 3]);

	it('has the columns of the values of weight and biases, and no others', async () => {
		const { proto } = shareAttention(await foundOnnx(cachedOnnx({ form: 'contribPacked' })), plan);
		const dims = graphOf(proto)
			.initializer.filter(({ name }) => name.includes('2.qkv.'))
			.map(({ name, dims }) => [name, dims.map(Number)]);
		expect(dims).toEqual([
			['spanwise.apply.layer.2.2.qkv.weight', [64, 64]],
			['spanwise.apply.layer.2.2.qkv.bias', [64]]
		]);
	});

	it('leaves the node of layers that neither follow nor are followed as it was', async () => {
		const model = await foundOnnx(cachedOnnx({ form: 'contribPacked' }));
		const { proto } = shareAttention(model, plan);
		const left = graphOf(proto).node.filter(({ opType }) => opType === 'Attention');
		const before = model.onnx.graph.node.filter(({ opType }) => opType === 'Attention');
		expect(left).toEqual([before[0], before[3]]);
	});

	it('is refused where something else takes its cache', async () => {
		const proto = cachedOnnx({ form: 'contribPacked' });
		const other = { name: 'other', opType: 'ReduceMean', input: ['past_key_values.2'] };
		graphOf(proto).node.push(create(NodeProtoSchema, { ...other, output: ['other'] }));
		graphOf(proto).output.push(valueInfo('other', FLOAT, []));
		const model = await foundOnnx(proto);
		expect(() => shareAttention(model, plan)).toThrow(
			'layer 2: com.microsoft.Attention 2.attention cannot be a follower: past_key_values.2, its keys and values, goes into ReduceMean other too'
		);
	});
});
