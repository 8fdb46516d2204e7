import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import {
	AttributeProto_AttributeType as AttributeType,
	AttributeProtoSchema,
	GraphProtoSchema,
	NodeProtoSchema,
	TensorProto_DataLocation as DataLocation,
	TensorProtoSchema
} from '../../proto/onnx_pb.ts';
import { sessionWeightBytes, weightFacts } from './weights.ts';

const FLOAT = 1;
const UINT8 = 2;
const INT8 = 3;
const INT64 = 7;
const FLOAT16 = 10;

function weight(name: string, dataType: number, elements: number, external = true) {
	const dataLocation = external ? DataLocation.EXTERNAL : DataLocation.DEFAULT;
	return create(TensorProtoSchema, { name, dataType, dims: [BigInt(elements)], dataLocation });
}

function bytesOf(initializer: ReturnType<typeof weight>[], dequantized: string[] = []): number {
	const node = dequantized.map((name) =>
		create(NodeProtoSchema, { opType: 'DequantizeLinear', input: [name, 'scale'] })
	);
	return sessionWeightBytes(create(GraphProtoSchema, { node, initializer }));
}

function constantNode(output: string, t: ReturnType<typeof weight>) {
	const attribute = [
		create(AttributeProtoSchema, { name: 'value', type: AttributeType.TENSOR, t })
	];
	return create(NodeProtoSchema, { opType: 'Constant', output: [output], attribute });
}

describe('sessionWeightBytes', () => {
	it('counts floats beside the proto as float32, laid out anew, however they are stored', () => {
		expect(bytesOf([weight('w', FLOAT, 1000)])).toBeCloseTo(4800);
		expect(bytesOf([weight('w', FLOAT16, 1000)])).toBeCloseTo(4800);
	});
	it('counts packed integers by their bytes', () => {
		expect(bytesOf([weight('w', UINT8, 1000)])).toBeCloseTo(1600);
	});
	it('counts integers that are dequantized as float32 too', () => {
		expect(bytesOf([weight('w', INT8, 1000)], ['w'])).toBeCloseTo(1600 + 4800);
	});
	it('counts what lies in the proto some times more', () => {
		expect(bytesOf([weight('w', FLOAT, 1000, false)])).toBeCloseTo(4800 + 2.5 * 4000);
	});
	it('counts what a Constant node holds as it does what lies in the proto', () => {
		const graph = create(GraphProtoSchema, {
			node: [
				constantNode('w', weight('', INT8, 1000, false)),
				create(NodeProtoSchema, { opType: 'DequantizeLinear', input: ['w', 'scale'] })
			]
		});
		expect(sessionWeightBytes(graph)).toBeCloseTo(1600 + 4800 + 2.5 * 1000);
	});
	it('adds up all weights', () => {
		const both = [weight('a', FLOAT, 10), weight('b', UINT8, 10)];
		expect(bytesOf(both)).toBeCloseTo(48 + 16);
	});
});

describe('weightFacts', () => {
	it('counts what Constant nodes hold among the weights, but for places and sizes', () => {
		const graph = create(GraphProtoSchema, {
			initializer: [weight('a', FLOAT, 10)],
			node: [
				constantNode('b', weight('', FLOAT16, 100)),
				constantNode('shape', weight('', INT64, 4)),
				create(NodeProtoSchema, { opType: 'Constant', output: ['listed'] })
			]
		});
		expect(weightFacts(graph)).toEqual({ parameters: 110, dtype: 'float16' });
	});
});
