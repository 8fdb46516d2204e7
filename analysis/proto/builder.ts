import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import {
	AttributeProto_AttributeType as AttributeType,
	AttributeProtoSchema,
	GraphProtoSchema,
	ModelProtoSchema,
	NodeProtoSchema,
	StringStringEntryProtoSchema,
	TensorProto_DataLocation as DataLocation,
	TensorProtoSchema,
	TensorShapeProto_DimensionSchema,
	ValueInfoProtoSchema,
	type AttributeProto,
	type GraphProto,
	type NodeProto,
	type TensorProto,
	type ValueInfoProto
} from './onnx_pb.ts';

/** Element types of ONNX tensors (TensorProto.DataType). */
export const FLOAT = 1;
export const INT32 = 6;
export const INT64 = 7;
export const BOOL = 9;
export const FLOAT16 = 10;

/** Operators that onnxruntime adds to the standard ones. */
export const MICROSOFT = 'com.microsoft';

const IR_VERSION = 10n;
const ONNX_OPSET = 21n;

/** An integer attribute is a bigint, a float attribute a number, so that `alpha: 1` is never ambiguous. */
export type AttributeValue = number | bigint | string | bigint[] | GraphProto;

interface NodeOptions {
	/** Names of the outputs; by default one, named after the node. "" leaves an optional output out. */
	outputs?: string[];
	attributes?: Record<string, AttributeValue>;
	domain?: string;
}

function attribute(name: string, value: AttributeValue): AttributeProto {
	if (typeof value === 'number')
		return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value });
	if (typeof value === 'bigint')
		return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: value });
	if (typeof value === 'string')
		return create(AttributeProtoSchema, {
			name,
			type: AttributeType.STRING,
			s: new TextEncoder().encode(value)
		});
	if (Array.isArray(value))
		return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value });
	return create(AttributeProtoSchema, { name, type: AttributeType.GRAPH, g: value });
}

/** A dimension: its size, or the name of one that is free. */
export type Dimension = number | string;

function dimension(size: Dimension): MessageInitShape<typeof TensorShapeProto_DimensionSchema> {
	return typeof size === 'string'
		? { value: { case: 'dimParam', value: size } }
		: { value: { case: 'dimValue', value: BigInt(size) } };
}

/** The declaration of a value: its element type and dimensions. */
export function valueInfo(
	name: string,
	elementType: number,
	dims: readonly Dimension[]
): ValueInfoProto {
	return create(ValueInfoProtoSchema, {
		name,
		type: {
			value: {
				case: 'tensorType',
				value: {
					elemType: elementType,
					shape: {
						dim: dims.map(dimension)
					}
				}
			}
		}
	});
}

/**
 * An ONNX graph being written. Names say where a node is ("attn/q_proj/MatMul"), so that
 * a profile or a viewer such as Netron can be read.
 */
export class GraphBuilder {
	readonly #name: string;
	readonly #prefix: string;
	readonly #nodes: NodeProto[] = [];
	readonly #initializers = new Map<string, TensorProto>();
	readonly #inputs: ValueInfoProto[] = [];
	readonly #outputs: ValueInfoProto[] = [];

	/** `prefix` begins the names of constants that are named by their values, where the graph joins another. */
	constructor(name: string, prefix = '') {
		this.#name = name;
		this.#prefix = prefix;
	}

	/** Declares an input of the graph and returns its name. */
	input(name: string, dims: readonly Dimension[], elementType = FLOAT): string {
		this.#inputs.push(valueInfo(name, elementType, dims));
		return name;
	}

	/** Makes a value an output of the graph. */
	output(name: string, dims: readonly Dimension[], elementType = FLOAT): void {
		this.#outputs.push(valueInfo(name, elementType, dims));
	}

	/** A constant of float32 (Float32Array) or int64 (bigint[]). A name given twice is one constant. */
	constant(name: string, values: Float32Array | bigint[], dims: readonly number[]): string {
		if (!this.#initializers.has(name)) {
			const typed = values instanceof Float32Array ? values : new BigInt64Array(values);
			this.#initializers.set(
				name,
				create(TensorProtoSchema, {
					name,
					dataType: values instanceof Float32Array ? FLOAT : INT64,
					dims: dims.map(BigInt),
					rawData: new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength)
				})
			);
		}
		return name;
	}

	/** A weight whose bytes lie in a file beside the graph's, `offset` and `length` in bytes; its name. */
	external(
		name: string,
		elementType: number,
		dims: readonly number[],
		place: { location: string; offset: number; length: number }
	): string {
		const entry = ([key, value]: [string, string | number]) =>
			create(StringStringEntryProtoSchema, { key, value: String(value) });
		this.#initializers.set(
			name,
			create(TensorProtoSchema, {
				name,
				dataType: elementType,
				dims: dims.map(BigInt),
				externalData: Object.entries(place).map(entry),
				dataLocation: DataLocation.EXTERNAL
			})
		);
		return name;
	}

	/** A one-dimensional int64 constant: axes, shapes, starts and ends. */
	integers(...values: number[]): string {
		return this.constant(`${this.#prefix}int64_${values.join('_')}`, values.map(BigInt), [
			values.length
		]);
	}

	/** A float32 scalar. */
	scalar(value: number): string {
		return this.constant(`${this.#prefix}float_${value}`, new Float32Array([value]), []);
	}

	/** Adds a node and returns the name of its first output. */
	node(name: string, operator: string, inputs: string[], options: NodeOptions = {}): string {
		const outputs = options.outputs ?? [`${name}/output`];
		this.#nodes.push(
			create(NodeProtoSchema, {
				name,
				opType: operator,
				input: inputs,
				output: outputs,
				domain: options.domain ?? '',
				attribute: Object.entries(options.attributes ?? {}).map(([key, value]) =>
					attribute(key, value)
				)
			})
		);
		return outputs[0];
	}

	/**
	 * Returns the nodes added so far as a branch of an If, which may take any value of the graph around it. It puts out
	 * `outputs`, all of one element type.
	 */
	branch(outputs: readonly string[], elementType = FLOAT): GraphProto {
		const { node, initializer } = this.parts();
		const output = outputs.map((name) =>
			create(ValueInfoProtoSchema, {
				name,
				type: { value: { case: 'tensorType', value: { elemType: elementType } } }
			})
		);
		return create(GraphProtoSchema, { name: this.#name, node, initializer, output });
	}

	/** Returns the inputs, outputs, initializers and nodes so far, to be joined to another graph. */
	parts(): Pick<GraphProto, 'node' | 'initializer' | 'input' | 'output'> {
		return {
			node: this.#nodes,
			initializer: [...this.#initializers.values()],
			input: this.#inputs,
			output: this.#outputs
		};
	}

	/** The serialized ModelProto, ready for InferenceSession.create. */
	build(): Uint8Array {
		const model = create(ModelProtoSchema, {
			irVersion: IR_VERSION,
			producerName: 'spanwise',
			opsetImport: [
				{ domain: '', version: ONNX_OPSET },
				{ domain: MICROSOFT, version: 1n }
			],
			graph: create(GraphProtoSchema, {
				name: this.#name,
				...this.parts()
			})
		});
		return toBinary(ModelProtoSchema, model);
	}
}
