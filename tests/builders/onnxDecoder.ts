import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { GraphBuilder, INT64, MICROSOFT } from '../../analysis/proto/builder.ts';
import {
	ModelProtoSchema,
	OperatorSetIdProtoSchema,
	TensorProtoSchema,
	type ModelProto
} from '../../analysis/proto/onnx_pb.ts';
import { uniform } from './checkpoint.ts';
import { cacheInput, LONGEST, SIZES, writtenOut, type Projected } from './onnxWrittenOut.ts';
import { TINY_TOKENIZER_SIZE } from './tokenizer.ts';

/** Form in which the small decoder's attention is written. */
export type DecoderForm =
	| 'softmax'
	| 'guarded softmax'
	| 'Attention'
	| 'GroupQueryAttention'
	| 'packed GroupQueryAttention'
	| 'MultiHeadAttention'
	| 'com.microsoft.Attention'
	| 'none';

export interface SmallDecoder {
	form?: DecoderForm;
	/** Format in which the weights of projections are stored. */
	weights?: 'float32' | 'int8' | 'MatMulNBits';
	/** Names of nodes of attention, by layer. */
	names?: readonly string[];
	/** Inputs besides input_ids. */
	inputs?: readonly ('attention_mask' | 'position_ids' | 'past')[];
}

export { SIZES };

const {
	layers: LAYERS,
	heads: HEADS,
	kvHeads: KV_HEADS,
	headDim: HEAD_DIM,
	hidden: HIDDEN
} = SIZES;
const VOCAB = TINY_TOKENIZER_SIZE;
/** Weights that share one scale in MatMulNBits. */
const NBITS_BLOCK = 32;
/** The standard Attention is there since this version of the operators. */
const ATTENTION_OPSET = 23n;

/** A matrix [rows, columns], row-major. */
type Matrix = Float32Array;

/** MultiHeadAttention knows no groups: there every head has keys of its own. */
function kvHeadsOf(form: DecoderForm): number {
	return form === 'MultiHeadAttention' || form === 'com.microsoft.Attention' ? HEADS : KV_HEADS;
}

/** Weights drawn from one seed, the same for every form; what `weights` keeps of them. */
function drawWeights({ form = 'softmax', weights = 'float32' }: SmallDecoder) {
	const random = uniform(7);
	const draw = (rows: number, columns: number, scale: number): Matrix =>
		Float32Array.from({ length: rows * columns }, () => scale * random());
	const keys = kvHeadsOf(form) * HEAD_DIM;
	const embedding = draw(VOCAB, HIDDEN, 1);
	const layers = Array.from({ length: LAYERS }, () => ({
		q: kept(draw(HIDDEN, HEADS * HEAD_DIM, 0.25), HEADS * HEAD_DIM, weights),
		k: kept(draw(HIDDEN, keys, 0.25), keys, weights),
		v: kept(draw(HIDDEN, keys, 0.25), keys, weights),
		o: kept(draw(HEADS * HEAD_DIM, HIDDEN, 0.25), HIDDEN, weights)
	}));
	return { embedding, layers, output: draw(HIDDEN, VOCAB, 0.2) };
}

/** Rounds a matrix [HIDDEN, columns] by quantizing it; returns its quantized form too. float32: leaves it as it is. */
function kept(matrix: Matrix, columns: number, weights: SmallDecoder['weights']) {
	const levels = weights === 'int8' ? 127 : 7;
	const quantized = new Int8Array(matrix.length);
	const scales = new Float32Array(columns);
	if (weights === 'float32') return { matrix, columns, quantized, scales };
	const values = new Float32Array(matrix.length);
	for (let column = 0; column < columns; column++) {
		for (let row = 0; row < HIDDEN; row++) {
			scales[column] = Math.max(scales[column], Math.abs(matrix[row * columns + column]) / levels);
		}
		for (let row = 0; row < HIDDEN; row++) {
			const at = row * columns + column;
			quantized[at] = Math.round(matrix[at] / scales[column]);
			values[at] = quantized[at] * scales[column];
		}
	}
	return { matrix: values, columns, quantized, scales };
}

type Kept = ReturnType<typeof kept>;

/** An ONNX model of a small decoder without norms and positions: what it computes is short to write down. */
export function smallDecoder(decoder: SmallDecoder = {}): ModelProto {
	return fromBinary(ModelProtoSchema, smallDecoderBytes(decoder));
}

export function smallDecoderBytes(decoder: SmallDecoder = {}): Uint8Array {
	const { form = 'softmax', weights = 'float32', inputs = ['attention_mask'] } = decoder;
	const { embedding, layers, output } = drawWeights(decoder);
	const graph = new GraphBuilder('small decoder');
	const tensors: { name: string; dataType: number; dims: number[]; bytes: Uint8Array }[] = [];
	graph.input('input_ids', ['batch', 'tokens'], INT64);
	if (inputs.includes('attention_mask')) graph.input('attention_mask', ['batch', 'total'], INT64);
	if (inputs.includes('position_ids')) graph.input('position_ids', ['batch', 'tokens'], INT64);
	let hidden = graph.node('embed', 'Gather', [
		graph.constant('embedding', embedding, [VOCAB, HIDDEN]),
		'input_ids'
	]);
	const project = (name: string, input: string, { matrix, columns, quantized, scales }: Kept) => {
		if (weights === 'float32') {
			const weight = graph.constant(`${name}.weight`, matrix, [HIDDEN, columns]);
			return graph.node(name, 'MatMul', [input, weight]);
		}
		const scale = graph.constant(`${name}.scale`, scales, [columns]);
		if (weights === 'int8') {
			const bytes = new Uint8Array(quantized.buffer);
			tensors.push({ name: `${name}.int8`, dataType: 3, dims: [HIDDEN, columns], bytes });
			const wide = graph.node(`${name}.wide`, 'DequantizeLinear', [`${name}.int8`, scale], {
				attributes: { axis: 1n }
			});
			return graph.node(name, 'MatMul', [input, wide]);
		}
		const bytes = new Uint8Array((columns * HIDDEN) / 2);
		for (let column = 0; column < columns; column++) {
			for (let row = 0; row < HIDDEN; row++) {
				const nibble = quantized[row * columns + column] + 8;
				bytes[(column * HIDDEN + row) >> 1] |= nibble << (row % 2 === 0 ? 0 : 4);
			}
		}
		const dims = [columns, HIDDEN / NBITS_BLOCK, NBITS_BLOCK / 2];
		tensors.push({ name: `${name}.4bit`, dataType: 2, dims, bytes });
		return graph.node(name, 'MatMulNBits', [input, `${name}.4bit`, scale], {
			domain: MICROSOFT,
			attributes: {
				K: BigInt(HIDDEN),
				N: BigInt(columns),
				bits: 4n,
				block_size: BigInt(NBITS_BLOCK)
			}
		});
	};
	for (const [layer, { q, k, v, o }] of layers.entries()) {
		const name = decoder.names?.[layer] ?? `layer.${layer}`;
		const mixed =
			form === 'com.microsoft.Attention'
				? projectAndAttend(graph, name, hidden, [q, k, v], inputs)
				: attend(
						graph,
						name,
						{
							query: project(`${name}.q`, hidden, q),
							key: project(`${name}.k`, hidden, k),
							value: project(`${name}.v`, hidden, v)
						},
						form,
						inputs
					);
		const put = project(`${name}.o`, mixed, o);
		hidden = graph.node(`${name}.add`, 'Add', [hidden, put]);
	}
	graph.node('head', 'MatMul', [hidden, graph.constant('output', output, [HIDDEN, VOCAB])], {
		outputs: ['logits']
	});
	graph.output('logits', ['batch', 'tokens', VOCAB]);
	const model = fromBinary(ModelProtoSchema, graph.build());
	for (const { name, dataType, dims, bytes } of tensors) {
		const size = dims.map(BigInt);
		const tensor = create(TensorProtoSchema, { name, dataType, dims: size, rawData: bytes });
		model.graph?.initializer.push(tensor);
	}
	if (form === 'Attention') {
		const versions = [
			{ domain: '', version: ATTENTION_OPSET },
			{ domain: MICROSOFT, version: 1n }
		];
		model.opsetImport = versions.map((each) => create(OperatorSetIdProtoSchema, each));
	}
	return toBinary(ModelProtoSchema, model);
}

/** The same small decoder, with a table [1, 1, 64, 64] as its mask that shows queries the keys which `sees` names. */
export function tableMaskedDecoder(sees: (query: number, key: number) => boolean): Uint8Array {
	const model = smallDecoder();
	const table = model.graph?.initializer.find(({ name }) => name === 'mask');
	if (table === undefined) throw new TypeError('no mask');
	const values = Float32Array.from({ length: LONGEST * LONGEST }, (_, at) =>
		sees(Math.floor(at / LONGEST), at % LONGEST) ? 0 : -Infinity
	);
	table.rawData = new Uint8Array(values.buffer);
	return toBinary(ModelProtoSchema, model);
}

function attend(
	graph: GraphBuilder,
	name: string,
	{ query, key, value }: Projected,
	form: Exclude<DecoderForm, 'com.microsoft.Attention'>,
	inputs: readonly string[]
): string {
	const attention = `${name}.attention`;
	const heads = { num_heads: BigInt(HEADS) };
	const kvHeads = kvHeadsOf(form);
	switch (form) {
		case 'none':
			return graph.node(attention, 'Identity', [query]);
		case 'Attention':
			return graph.node(attention, 'Attention', [query, key, value], {
				attributes: { q_num_heads: BigInt(HEADS), kv_num_heads: BigInt(kvHeads), is_causal: 1n }
			});
		case 'MultiHeadAttention':
			return graph.node(attention, form, [query, key, value], {
				domain: MICROSOFT,
				attributes: { ...heads, unidirectional: 1n }
			});
		case 'GroupQueryAttention':
		case 'packed GroupQueryAttention': {
			const packed = form === 'packed GroupQueryAttention';
			const last = { attributes: { axis: 2n } };
			const qkv = packed ? graph.node(`${name}.pack`, 'Concat', [query, key, value], last) : '';
			const past = inputs.includes('past')
				? ['key', 'value'].map((kind) => cacheInput(graph, name, kind))
				: ['', ''];
			const [lengths, total] = lengthsOf(graph, name);
			return graph.node(
				attention,
				'GroupQueryAttention',
				[...(packed ? [qkv, '', ''] : [query, key, value]), ...past, lengths, total],
				{
					domain: MICROSOFT,
					attributes: { ...heads, kv_num_heads: BigInt(kvHeads) },
					outputs: [`${attention}/output`, `${name}.present.key`, `${name}.present.value`]
				}
			);
		}
		default:
			return writtenOut(graph, name, { query, key, value }, form === 'guarded softmax', inputs);
	}
}

/** com.microsoft's Attention: q, k and v by one weight in the node, and a mask where there is one to be had. */
function projectAndAttend(
	graph: GraphBuilder,
	name: string,
	hidden: string,
	parts: readonly Kept[],
	inputs: readonly string[]
): string {
	const columns = parts.reduce((sum, part) => sum + part.columns, 0);
	const packed = Float32Array.from({ length: HIDDEN * columns }, (_, at) => {
		const { matrix, columns: own } = parts[Math.floor((at % columns) / HIDDEN)];
		return matrix[Math.floor(at / columns) * own + (at % own)];
	});
	const weight = graph.constant(`${name}.packed`, packed, [HIDDEN, columns]);
	const bias = graph.constant('no bias', new Float32Array(columns), [columns]);
	const int32 = { attributes: { to: 6n } };
	const mask = inputs.includes('attention_mask')
		? graph.node(`${name}.mask`, 'Cast', ['attention_mask'], int32)
		: '';
	return graph.node(`${name}.attention`, 'Attention', [hidden, weight, bias, mask], {
		domain: MICROSOFT,
		attributes: { num_heads: BigInt(HEADS), unidirectional: 1n }
	});
}

/** Writes the lengths for GroupQueryAttention; returns their names: tokens of each sequence less one, tokens in all. */
function lengthsOf(graph: GraphBuilder, name: string): [string, string] {
	const int32 = { attributes: { to: 6n } };
	const sum = graph.node(`${name}.sum`, 'ReduceSum', ['attention_mask', graph.integers(1)], {
		attributes: { keepdims: 1n }
	});
	const less = graph.node(`${name}.less`, 'Sub', [sum, graph.integers(1)]);
	const lengths = graph.node(`${name}.lengths`, 'Cast', [less], int32);
	const shape = graph.node(`${name}.shape`, 'Shape', ['attention_mask']);
	const total = graph.node(`${name}.total`, 'Gather', [shape, graph.constant('one', [1n], [])], {
		attributes: { axis: 0n }
	});
	return [lengths, graph.node(`${name}.total32`, 'Cast', [total], int32)];
}

/** Computes the small decoder plainly: probabilities [L, H, S, S] and the loss (nats) after each token [S − 1]. */
export function plainDecoder(
	ids: readonly number[],
	decoder: SmallDecoder = {}
): { probabilities: Float64Array; losses: number[] } {
	const { embedding, layers, output } = drawWeights(decoder);
	const tokens = ids.length;
	const group = HEADS / kvHeadsOf(decoder.form ?? 'softmax');
	const probabilities = new Float64Array(LAYERS * HEADS * tokens * tokens);
	let hidden = ids.map((id) => Array.from(embedding.subarray(id * HIDDEN, (id + 1) * HIDDEN)));
	const product = (rows: number[][], matrix: Matrix, columns: number): number[][] =>
		rows.map((row) =>
			Array.from({ length: columns }, (_, column) =>
				row.reduce((sum, value, at) => sum + value * matrix[at * columns + column], 0)
			)
		);
	for (const [layer, { q, k, v, o }] of layers.entries()) {
		const [queries, keys, values] = [q, k, v].map((each) =>
			product(hidden, each.matrix, each.columns)
		);
		const mixed = ids.map(() => new Array<number>(HEADS * HEAD_DIM).fill(0));
		for (let head = 0; head < HEADS; head++) {
			const own = Math.floor(head / group) * HEAD_DIM;
			for (let query = 0; query < tokens; query++) {
				const scores = Array.from({ length: query + 1 }, (_, key) => {
					let sum = 0;
					for (let at = 0; at < HEAD_DIM; at++)
						sum += queries[query][head * HEAD_DIM + at] * keys[key][own + at];
					return Math.exp(sum / Math.sqrt(HEAD_DIM));
				});
				const total = scores.reduce((sum, value) => sum + value, 0);
				for (const [key, score] of scores.entries()) {
					const probability = score / total;
					probabilities[((layer * HEADS + head) * tokens + query) * tokens + key] = probability;
					for (let at = 0; at < HEAD_DIM; at++)
						mixed[query][head * HEAD_DIM + at] += probability * values[key][own + at];
				}
			}
		}
		const put = product(mixed, o.matrix, HIDDEN);
		hidden = hidden.map((row, token) => row.map((value, at) => value + put[token][at]));
	}
	const losses = product(hidden, output, VOCAB)
		.slice(0, -1)
		.map((logits, token) => {
			const sum = logits.reduce((total, value) => total + Math.exp(value), 0);
			return Math.log(sum) - logits[ids[token + 1]];
		});
	return { probabilities, losses };
}
