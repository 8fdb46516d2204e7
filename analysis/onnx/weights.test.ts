import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import {
	GraphProtoSchema,
	NodeProtoSchema,
	TensorProto_DataLocation as DataLocation,
	TensorProtoSchema
} from '../graph/onnx_pb.ts';
import { sessionWeightBytes } from './weights.ts';

const FLOAT = 1;
const UINT8 = 2;
const INT8 = 3;
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
	it('adds up all weights', () => {
		const both = [weight('a', FLOAT, 10), weight('b', UINT8, 10)];
		expect(bytesOf(both)).toBeCloseTo(48 + 16);
	});
});
