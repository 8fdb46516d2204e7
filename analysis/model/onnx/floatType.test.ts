import { create, fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { FLOAT, FLOAT16, GraphBuilder, INT64 } from '../../proto/builder.ts';
import {
	AttributeProto_AttributeType as AttributeType,
	AttributeProtoSchema,
	ModelProtoSchema,
	NodeProtoSchema,
	TensorProtoSchema
} from '../../proto/onnx_pb.ts';
import { floatTypeOf } from './floatType.ts';
import { GraphView } from './graphView.ts';

/** Type of what `write` makes of a product with a float16 weight, which nothing declares. */
function typeOf(write: (graph: GraphBuilder, product: string) => string): number | null {
	const graph = new GraphBuilder('typed');
	const ids = graph.input('input_ids', ['batch', 'tokens'], INT64);
	const weight = graph.external('weight', FLOAT16, [4, 4], {
		location: 'data',
		offset: 0,
		length: 32
	});
	const embedded = graph.node('embed', 'Gather', [weight, ids]);
	const value = write(graph, graph.node('product', 'MatMul', [embedded, weight]));
	const { graph: built } = fromBinary(ModelProtoSchema, graph.build());
	if (built === undefined) throw new TypeError('no graph');
	built.node.push(heldWeight());
	return floatTypeOf(new GraphView(built), value);
}

function cast(graph: GraphBuilder, value: string, to: number): string {
	return graph.node(`${value}.cast`, 'Cast', [value], { attributes: { to: BigInt(to) } });
}

/** `held`: a float16 weight in a Constant node. */
function heldWeight() {
	const t = create(TensorProtoSchema, { dataType: FLOAT16, dims: [4n, 4n] });
	const attribute = [
		create(AttributeProtoSchema, { name: 'value', type: AttributeType.TENSOR, t })
	];
	return create(NodeProtoSchema, { opType: 'Constant', output: ['held'], attribute });
}

describe('the type of a value of floating point', () => {
	it('is that of the weight it was computed with, in an initializer or a Constant node', () => {
		expect(typeOf((_, product) => product)).toBe(FLOAT16);
		expect(typeOf((graph) => graph.node('other', 'MatMul', ['input_ids', 'held']))).toBe(FLOAT16);
	});

	it('is that of a Cast to one', () => {
		expect(typeOf((graph, product) => cast(graph, product, FLOAT))).toBe(FLOAT);
	});

	it('is that of what is reshaped, whatever computed the shape', () => {
		const reshaped = typeOf((graph, product) => {
			const shape = graph.node('shape', 'Shape', ['input_ids']);
			const relaid = graph.node('reshape', 'Reshape', [product, cast(graph, shape, INT64)]);
			const like = graph.node('like', 'Shape', [graph.scalar(1)]);
			return graph.node('expand', 'Expand', [relaid, like]);
		});
		expect(reshaped).toBe(FLOAT16);
	});

	it('is that of what is chosen between, not of what the choice was made by', () => {
		const chosen = typeOf((graph, product) => {
			const numbers = cast(graph, 'input_ids', FLOAT);
			const positive = graph.node('positive', 'Greater', [numbers, graph.scalar(0)]);
			return graph.node('choose', 'Where', [positive, product, product]);
		});
		expect(chosen).toBe(FLOAT16);
	});

	it('is not to be told where there are integers alone', () => {
		expect(typeOf((graph) => cast(graph, 'input_ids', INT64))).toBeNull();
	});
});
