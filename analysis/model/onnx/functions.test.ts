import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { functionsDecoder } from '../../../tests/builders/functionsOnnx.ts';
import { smallDecoder } from '../../../tests/builders/onnxDecoder.ts';
import {
	difference,
	foundOnnx,
	graphOf,
	logitsOf,
	planned
} from '../../../tests/builders/sharedOnnx.ts';
import { InputError } from '../../errors.ts';
import {
	FunctionProtoSchema,
	NodeProtoSchema,
	OperatorSetIdProtoSchema
} from '../../proto/onnx_pb.ts';
import { withoutFunctions } from './functions.ts';
import { shareAttention } from '../../rewrite/share.ts';

const IDS = [0, 5, 3, 9, 2, 7];
const FILE = 'model.onnx';

/** A function whose every node calls another. */
function calling(name: string, called: string[]) {
	return create(FunctionProtoSchema, {
		name,
		domain: 'local',
		input: ['x'],
		output: ['y'],
		node: called.map((opType, at) =>
			create(NodeProtoSchema, {
				domain: 'local',
				opType,
				input: ['x'],
				output: [at === 0 ? 'y' : 'z']
			})
		)
	});
}

describe("functions of a model's own", () => {
	it('are taken as the nodes that they consist of, calls in calls too, each value under a name of its own', async () => {
		const { onnx, layers } = await foundOnnx(functionsDecoder());
		expect(layers.map(({ operator, name }) => [operator, name])).toEqual([
			['Softmax', 'layer.0.call/softmax'],
			['Softmax', 'layer.1.call/softmax'],
			['Softmax', 'layer.2.call/softmax']
		]);
		expect(onnx.proto.functions).toEqual([]);
		const made = onnx.graph.node.flatMap(({ output }) => output);
		expect(new Set(made).size).toBe(made.length);
		const axes = onnx.graph.node
			.filter(({ opType }) => opType === 'Softmax')
			.map(({ attribute }) => attribute.map(({ name, i, refAttrName }) => [name, i, refAttrName]));
		expect(axes).toEqual([[['axis', -1n, '']], [['axis', -1n, '']], [['axis', -1n, '']]]);
	});

	it('put out what they did where onnxruntime calls them', async () => {
		const { onnx } = await foundOnnx(functionsDecoder());
		const [inlined, called] = [onnx.proto, functionsDecoder()];
		expect(called.functions).toHaveLength(2);
		expect(difference(await logitsOf(inlined, [IDS]), await logitsOf(called, [IDS]))).toBeLessThan(
			1e-6
		);
	});

	it('are written so with a plan, and a note says it', async () => {
		const { notes, proto } = shareAttention(
			await foundOnnx(functionsDecoder()),
			planned([0, 0, 2])
		);
		expect(notes).toEqual([
			"functions of the model's own are written as the nodes that they consist of"
		]);
		const plain = await foundOnnx(smallDecoder({ form: 'guarded softmax' }));
		const expected = shareAttention(plain, planned([0, 0, 2])).proto;
		expect(difference(await logitsOf(proto, [IDS]), await logitsOf(expected, [IDS]))).toBeLessThan(
			1e-6
		);
	});

	it('that are of another opset than the model are left, and said to be', async () => {
		await expect(foundOnnx(functionsDecoder(17n))).rejects.toThrow(
			/no attention that is known; .*; functions of its own that are of another opset are not looked into/
		);
	});

	it('that nothing calls leave a model the message it was', () => {
		const model = functionsDecoder();
		const { node } = graphOf(smallDecoder({ form: 'guarded softmax' }));
		graphOf(model).node = node;
		expect(withoutFunctions(model, FILE)).toBe(model);
	});

	it('that put an input out unchanged, or a value twice, do so', () => {
		const model = functionsDecoder();
		model.functions = [
			create(FunctionProtoSchema, {
				name: 'Twice',
				domain: 'local',
				input: ['x'],
				output: ['x', 'y', 'y'],
				node: [create(NodeProtoSchema, { opType: 'Neg', input: ['x'], output: ['y'] })]
			})
		];
		graphOf(model).node = [
			create(NodeProtoSchema, {
				name: 'call',
				opType: 'Twice',
				domain: 'local',
				input: ['input_ids'],
				output: ['a', 'b', 'c']
			})
		];
		const inlined = graphOf(withoutFunctions(model, FILE)).node;
		expect(inlined.map(({ opType, input, output }) => [opType, input[0], output[0]])).toEqual([
			['Neg', 'input_ids', 'b'],
			['Identity', 'input_ids', 'a'],
			['Identity', 'b', 'c']
		]);
	});

	it('stay where another, of another opset, stays and may call them', () => {
		const model = functionsDecoder();
		const other = calling('Other', ['Guard']);
		other.opsetImport = [create(OperatorSetIdProtoSchema, { domain: '', version: 17n })];
		model.functions.push(other);
		const { functions } = withoutFunctions(model, FILE);
		expect(functions.map(({ name }) => name)).toEqual(['GuardedSoftmax', 'Guard', 'Other']);
	});

	it('that call themselves are refused', () => {
		const model = functionsDecoder();
		model.functions[1] = calling('Guard', ['Guard', 'Guard']);
		expect(() => withoutFunctions(model, FILE)).toThrow(
			new InputError(
				'model.onnx: calls of functions of its own lie more than 64 deep in each other; functions of ONNX do not call themselves'
			)
		);
	});

	it('that double again and again are refused before they are too many nodes', () => {
		const model = functionsDecoder();
		const names = ['Guard', ...Array.from({ length: 30 }, (_, at) => `Doubled${at}`)];
		model.functions.splice(
			1,
			1,
			...names.map((name, at) => calling(name, at < 30 ? [names[at + 1], names[at + 1]] : []))
		);
		expect(() => withoutFunctions(model, FILE)).toThrow(
			new InputError(
				'model.onnx: calls of functions of its own become more than 200000 nodes; expected fewer'
			)
		);
	});
});
