import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FLOAT, GraphBuilder, INT32, INT64, MICROSOFT } from '../../analysis/proto/builder.ts';
import {
	type ModelProto,
	ModelProtoSchema,
	TensorProtoSchema
} from '../../analysis/proto/onnx_pb.ts';
import { seeded } from '../../analysis/statistics/resample.ts';

/** Forms in which the attention of a model is written. */
export const FORMS = [
	'softmax',
	'softmaxPacked',
	'attention',
	'groupQuery',
	'groupQueryPacked',
	'groupQueryPacked4bit',
	'multiHead',
	'contribPacked'
] as const;
export type Form = (typeof FORMS)[number];

export interface CachedOnnxOptions {
	form: Form;
	layers?: number;
	/** Heads of keys and values; 2 of 4, but where the form has as many as heads. */
	kvHeads?: number;
	/** True if norms take in the sum before them, as onnxruntime-genai's builder writes. */
	skipNorms?: boolean;
	/** True if it takes position_ids and heeds attention_mask, so that sequences of a batch may be padded. */
	padded?: boolean;
	/** Keys that a query sees at most, in every layer; all before it. Not of contribPacked. */
	window?: number | null;
}

export const VOCAB = 50;
export const HIDDEN = 64;
export const HEADS = 4;
export const WIDTH = 16;
export const INNER = 96;
const POSITIONS = 64;
const EPSILON = 1e-5;
const UINT8 = 2;
const PARTS = ['key', 'value'];
/** Weights that share a scale in MatMulNBits. */
const BLOCK = 32;

/**
 * A small decoder with random weights and a cache, attention in the form asked for: input_ids, attention_mask and
 * past_key_values.N.key and .value in, logits and present.N.key and .value out. Its mask takes the length of the
 * cache from the keys of layer 0.
 */
export function cachedOnnx({
	form,
	layers = 4,
	kvHeads = form === 'multiHead' || form === 'contribPacked' ? HEADS : 2,
	skipNorms = false,
	padded = false,
	window = null
}: CachedOnnxOptions): ModelProto {
	const graph = new GraphBuilder('decoder');
	const decoder = new CachedDecoder(graph, { form, kvHeads, padded, window });
	decoder.begin(layers);
	for (let layer = 0; layer < layers; layer++) decoder.layer(layer, skipNorms);
	decoder.end();
	const proto = fromBinary(ModelProtoSchema, graph.build());
	if (form === 'attention') proto.opsetImport[0].version = 23n;
	for (const tensor of decoder.bytes) proto.graph?.initializer.push(tensor);
	return proto;
}

export function onnxBytes(proto: ModelProto): Uint8Array {
	return toBinary(ModelProtoSchema, proto);
}

type Decoder = Required<Pick<CachedOnnxOptions, 'form' | 'kvHeads' | 'padded' | 'window'>>;

class CachedDecoder {
	/** Initializers that the builder has no type for. */
	readonly bytes: ReturnType<typeof uint8Tensor>[] = [];
	readonly #graph: GraphBuilder;
	readonly #form: Form;
	readonly #kvHeads: number;
	readonly #padded: boolean;
	readonly #window: number | null;
	readonly #random = seeded(7);
	#hidden = '';
	/** Name of the tensor that the next norm adds to the hidden state, with `skipNorms`; null: none. */
	#pending: string | null = null;

	constructor(graph: GraphBuilder, { form, kvHeads, padded, window }: Decoder) {
		this.#padded = padded;
		this.#graph = graph;
		this.#form = form;
		this.#kvHeads = kvHeads;
		this.#window = window;
	}

	/** True if keys and values are one tensor in the cache. */
	get #inOne(): boolean {
		return this.#form === 'contribPacked';
	}

	begin(layers: number): void {
		const graph = this.#graph;
		graph.input('input_ids', ['batch', 'tokens'], INT64);
		graph.input('attention_mask', ['batch', 'total'], INT64);
		if (this.#padded) graph.input('position_ids', ['batch', 'tokens'], INT64);
		for (let layer = 0; layer < layers; layer++) {
			const cache = ['batch', this.#kvHeads, 'past', WIDTH];
			if (this.#inOne) graph.input(`past_key_values.${layer}`, [2, ...cache]);
			else for (const part of PARTS) graph.input(`past_key_values.${layer}.${part}`, cache);
		}
		graph.output('logits', ['batch', 'tokens', VOCAB]);
		const past = this.#inOne
			? this.#size('past_key_values.0', 3, 'past')
			: this.#size('past_key_values.0.key', 2, 'past');
		const tokens = this.#size('input_ids', 1, 'tokens');
		const total = graph.node('total', 'Add', [past, tokens]);
		const one = graph.constant('one', [1n], []);
		const queries = graph.node('queries', 'Range', [past, total, one]);
		this.#mask(queries, total, one);
		const embedded = graph.node('embed', 'Gather', [
			this.#weight('embedding', VOCAB, HIDDEN),
			'input_ids'
		]);
		const places = graph.node('places', 'Gather', [
			this.#weight('positions', POSITIONS, HIDDEN),
			this.#padded ? 'position_ids' : queries
		]);
		this.#hidden = graph.node('hidden', 'Add', [embedded, places]);
	}

	/** A dimension of a value, int64 scalar. */
	#size(value: string, axis: number, name: string): string {
		const shape = this.#graph.node(`${name}.shape`, 'Shape', [value]);
		const index = this.#graph.constant(`index_${axis}`, [BigInt(axis)], []);
		return this.#graph.node(`${name}.size`, 'Gather', [shape, index]);
	}

	/** `mask` [1, 1, S, T]: 0 where a query sees a key, else far below; and lengths for GroupQueryAttention. */
	#mask(queries: string, total: string, one: string): void {
		const graph = this.#graph;
		const keys = graph.node('keys', 'Range', [graph.constant('zero', [0n], []), total, one]);
		const rows = graph.node('rows', 'Unsqueeze', [queries, graph.integers(1)]);
		const later = graph.node('later', 'Greater', [keys, rows]);
		const outside =
			this.#window === null ? later : this.#beyond({ rows, keys, later }, this.#window);
		const mask = graph.node('hide', 'Where', [outside, graph.scalar(-1e9), graph.scalar(0)]);
		const causal = this.#padded ? 'causal' : 'mask';
		graph.node('mask', 'Unsqueeze', [mask, graph.integers(0, 1)], { outputs: [causal] });
		if (this.#padded) {
			const hidden = graph.node('padding', 'Equal', ['attention_mask', zeroOf(graph)]);
			const far = graph.node('far', 'Where', [hidden, graph.scalar(-1e9), graph.scalar(0)]);
			const perKey = graph.node('perKey', 'Unsqueeze', [far, graph.integers(1, 2)]);
			graph.node('both', 'Add', [causal, perKey], { outputs: ['mask'] }); // [B, 1, S, T]
		}
		if (this.#inOne) {
			const attributes = { to: BigInt(INT32) };
			graph.node('mask32', 'Cast', ['attention_mask'], { attributes, outputs: ['mask32'] });
		}
		if (!this.#form.startsWith('groupQuery')) return;
		const count = graph.node('count', 'ReduceSum', ['attention_mask', graph.integers(1)]);
		const last = graph.node('last', 'Sub', [count, graph.integers(1)]);
		const to = { attributes: { to: BigInt(INT32) } };
		graph.node('lastToken', 'Cast', [last], { ...to, outputs: ['seqlens_k'] });
		graph.node('totalLength', 'Cast', [this.#size('attention_mask', 1, 'whole')], {
			...to,
			outputs: ['total_length']
		});
		for (const [name, of] of [
			['cos', Math.cos],
			['sin', Math.sin]
		] as const) {
			const half = WIDTH / 2;
			const table = Float32Array.from({ length: POSITIONS * half }, (_, at) =>
				of(Math.floor(at / half) * 100 ** (-(at % half) / half))
			);
			graph.constant(`${name}_cache`, table, [POSITIONS, half]);
		}
	}

	/** Writes the mask of keys later than a query or beyond the window, as torch.onnx does; returns its name. */
	#beyond(
		{ rows, keys, later }: Record<'rows' | 'keys' | 'later', string>,
		window: number
	): string {
		const graph = this.#graph;
		const size = graph.constant('window', [BigInt(window)], []);
		const first = graph.node('first', 'Sub', [rows, size]);
		const far = graph.node('beyond', 'LessOrEqual', [keys, first]);
		return graph.node('outside', 'Or', [later, far]);
	}

	layer(layer: number, skipNorms: boolean): void {
		const attended = this.#attention(layer, this.#norm(`${layer}.norm1`, skipNorms));
		const out = this.#linear(`${layer}.o`, attended, HEADS * WIDTH, HIDDEN);
		this.#add(`${layer}.add1`, out, skipNorms);
		const inner = this.#linear(
			`${layer}.up`,
			this.#norm(`${layer}.norm2`, skipNorms),
			HIDDEN,
			INNER
		);
		const active = this.#graph.node(`${layer}.relu`, 'Relu', [inner]);
		this.#add(`${layer}.add2`, this.#linear(`${layer}.down`, active, INNER, HIDDEN), skipNorms);
	}

	end(): void {
		const normed = this.#norm('last.norm', this.#pending !== null);
		const head = this.#weight('head', HIDDEN, VOCAB);
		this.#graph.node('head', 'MatMul', [normed, head], { outputs: ['logits'] });
	}

	#norm(name: string, skipNorms: boolean): string {
		const graph = this.#graph;
		const weight = graph.constant(`${name}.weight`, new Float32Array(HIDDEN).fill(1), [HIDDEN]);
		const attributes = { axis: -1n, epsilon: EPSILON };
		if (!skipNorms || this.#pending === null) {
			return graph.node(name, 'SimplifiedLayerNormalization', [this.#hidden, weight], {
				attributes
			});
		}
		const outputs = [`${name}.normed`, '', '', `${name}.sum`];
		const inputs = [this.#hidden, this.#pending, weight];
		this.#hidden = outputs[3];
		this.#pending = null;
		return graph.node(name, 'SkipSimplifiedLayerNormalization', inputs, {
			domain: MICROSOFT,
			outputs,
			attributes: { epsilon: EPSILON }
		});
	}

	#add(name: string, value: string, skipNorms: boolean): void {
		if (skipNorms) this.#pending = value;
		else this.#hidden = this.#graph.node(name, 'Add', [this.#hidden, value]);
	}

	/** [B, S, hidden] → [B, S, heads · width]. */
	#attention(layer: number, normed: string): string {
		if (this.#inOne) return this.#contrib(layer, normed);
		const past = PARTS.map((part) => `past_key_values.${layer}.${part}`);
		const present = PARTS.map((part) => `present.${layer}.${part}`);
		for (const name of present) {
			this.#graph.output(name, ['batch', this.#kvHeads, 'total', WIDTH]);
		}
		const name = `${layer}.attention`;
		const form = this.#form;
		const kvWidth = this.#kvHeads * WIDTH;
		if (form === 'softmaxPacked')
			return this.#written(name, this.#splitProduct(layer, normed), past, present);
		const packed = form === 'groupQueryPacked' || form === 'groupQueryPacked4bit';
		const [query, key, value] = packed
			? [this.#linear(`${layer}.qkv`, normed, HIDDEN, HEADS * WIDTH + 2 * kvWidth), '', '']
			: [
					this.#linear(`${layer}.q`, normed, HIDDEN, HEADS * WIDTH),
					this.#linear(`${layer}.k`, normed, HIDDEN, kvWidth),
					this.#linear(`${layer}.v`, normed, HIDDEN, kvWidth)
				];
		const outputs = [`${name}.output`, ...present];
		const heads = { num_heads: BigInt(HEADS) };
		if (form === 'softmax') return this.#written(name, [query, key, value], past, present);
		if (form === 'attention') {
			return this.#graph.node(name, 'Attention', [query, key, value, 'mask', ...past], {
				outputs,
				attributes: { q_num_heads: BigInt(HEADS), kv_num_heads: BigInt(this.#kvHeads) }
			});
		}
		if (form === 'multiHead') {
			const inputs = [query, key, value, '', '', 'mask', ...past];
			return this.#graph.node(name, 'MultiHeadAttention', inputs, {
				domain: MICROSOFT,
				outputs,
				attributes: heads
			});
		}
		const lengths = ['seqlens_k', 'total_length', 'cos_cache', 'sin_cache'];
		return this.#graph.node(name, 'GroupQueryAttention', [query, key, value, ...past, ...lengths], {
			domain: MICROSOFT,
			outputs,
			attributes: {
				...heads,
				kv_num_heads: BigInt(this.#kvHeads),
				do_rotary: 1n,
				...(this.#window !== null && { local_window_size: BigInt(this.#window) })
			}
		});
	}

	/** The node that projects q, k and v itself, as onnxruntime's optimizer leaves GPT-2. */
	#contrib(layer: number, normed: string): string {
		const graph = this.#graph;
		const name = `${layer}.attention`;
		const columns = 3 * HEADS * WIDTH;
		const weight = this.#weight(`${layer}.qkv.weight`, HIDDEN, columns);
		const bias = this.#weight(`${layer}.qkv.bias`, columns);
		const present = `present.${layer}`;
		graph.output(present, [2, 'batch', HEADS, 'total', WIDTH]);
		const inputs = [normed, weight, bias, 'mask32', `past_key_values.${layer}`];
		return graph.node(name, 'Attention', inputs, {
			domain: MICROSOFT,
			outputs: [`${name}.output`, present],
			attributes: { num_heads: BigInt(HEADS), unidirectional: 1n }
		});
	}

	/** q, k and v from one Gemm between two Reshapes, split, as GPT-2 is exported. */
	#splitProduct(layer: number, normed: string): string[] {
		const graph = this.#graph;
		const name = `${layer}.qkv`;
		const sizes = [HEADS, this.#kvHeads, this.#kvHeads].map((heads) => heads * WIDTH);
		const columns = sizes.reduce((sum, size) => sum + size, 0);
		const rows = graph.node(`${name}.rows`, 'Reshape', [normed, graph.integers(-1, HIDDEN)]);
		const weight = this.#weight(`${name}.weight`, HIDDEN, columns);
		const bias = this.#weight(`${name}.bias`, columns);
		const product = graph.node(`${name}.product`, 'Gemm', [rows, weight, bias]);
		const shape = graph.node(`${name}.shape`, 'Shape', [normed], { attributes: { end: 2n } });
		const target = graph.node(`${name}.target`, 'Concat', [shape, graph.integers(columns)], {
			attributes: { axis: 0n }
		});
		const tokens = graph.node(`${name}.tokens`, 'Reshape', [product, target]);
		const outputs = ['q', 'k', 'v'].map((role) => `${layer}.${role}.split`);
		graph.node(`${name}.split`, 'Split', [tokens, graph.integers(...sizes)], {
			outputs,
			attributes: { axis: 2n }
		});
		return outputs;
	}

	/** Attention in operators, with guard and cast as exporters write them. */
	#written(name: string, qkv: string[], past: string[], present: string[]): string {
		const graph = this.#graph;
		const [query, key, value] = qkv.map((each, at) => {
			const heads = at === 0 ? HEADS : this.#kvHeads;
			const split = graph.node(`${name}.split${at}`, 'Reshape', [
				each,
				graph.integers(0, 0, heads, WIDTH)
			]);
			return graph.node(`${name}.swap${at}`, 'Transpose', [split], {
				attributes: { perm: [0n, 2n, 1n, 3n] }
			});
		});
		const [keys, values] = [key, value].map((each, at) => {
			graph.node(`${name}.cache${at}`, 'Concat', [past[at], each], {
				outputs: [present[at]],
				attributes: { axis: 2n }
			});
			const apart = graph.node(`${name}.apart${at}`, 'Unsqueeze', [present[at], graph.integers(2)]);
			const wide = graph.node(`${name}.wide${at}`, 'Expand', [
				apart,
				graph.integers(1, 1, HEADS / this.#kvHeads, 1, 1)
			]);
			return graph.node(`${name}.repeat${at}`, 'Reshape', [
				wide,
				graph.integers(0, HEADS, -1, WIDTH)
			]);
		});
		const turned = graph.node(`${name}.turn`, 'Transpose', [keys], {
			attributes: { perm: [0n, 1n, 3n, 2n] }
		});
		const scores = graph.node(`${name}.scores`, 'MatMul', [query, turned]);
		const scaled = graph.node(`${name}.scale`, 'Mul', [scores, graph.scalar(1 / Math.sqrt(WIDTH))]);
		const masked = graph.node(`${name}.masked`, 'Add', [scaled, 'mask']);
		const softmax = graph.node(`${name}.softmax`, 'Softmax', [masked], {
			attributes: { axis: -1n }
		});
		const empty = graph.node(`${name}.empty`, 'IsNaN', [softmax]);
		const guarded = graph.node(`${name}.guard`, 'Where', [empty, graph.scalar(0), softmax]);
		const cast = graph.node(`${name}.cast`, 'Cast', [guarded], {
			attributes: { to: BigInt(FLOAT) }
		});
		const mixed = graph.node(`${name}.mix`, 'MatMul', [cast, values]);
		const tokens = graph.node(`${name}.tokens`, 'Transpose', [mixed], {
			attributes: { perm: [0n, 2n, 1n, 3n] }
		});
		return graph.node(`${name}.join`, 'Reshape', [tokens, graph.integers(0, 0, HEADS * WIDTH)]);
	}

	/** x·W + b, quantized where the form says so. */
	#linear(name: string, input: string, rows: number, columns: number): string {
		const graph = this.#graph;
		const bias = this.#weight(`${name}.bias`, columns);
		const product =
			this.#form === 'groupQueryPacked4bit' && name.endsWith('qkv')
				? this.#quantized(name, input, rows, columns)
				: graph.node(`${name}.product`, 'MatMul', [
						input,
						this.#weight(`${name}.weight`, rows, columns)
					]);
		return graph.node(`${name}.bias`, 'Add', [product, bias]);
	}

	#quantized(name: string, input: string, rows: number, columns: number): string {
		const blocks = rows / BLOCK;
		const draw = (count: number) => Uint8Array.from({ length: count }, () => this.#random() * 256);
		const packed = [columns, blocks, BLOCK / 2];
		this.bytes.push(uint8Tensor(`${name}.packed`, draw(columns * blocks * (BLOCK / 2)), packed));
		const zeros = draw(columns * Math.ceil(blocks / 2));
		this.bytes.push(uint8Tensor(`${name}.zeros`, zeros, [zeros.length]));
		const scales = Float32Array.from({ length: columns * blocks }, () => 0.05 * this.#random());
		this.#graph.constant(`${name}.scales`, scales, [columns * blocks]);
		const inputs = ['packed', 'scales', 'zeros'].map((part) => `${name}.${part}`);
		return this.#graph.node(`${name}.product`, 'MatMulNBits', [input, ...inputs], {
			domain: MICROSOFT,
			attributes: {
				K: BigInt(rows),
				N: BigInt(columns),
				bits: 4n,
				block_size: BigInt(BLOCK)
			}
		});
	}

	#weight(name: string, ...dims: number[]): string {
		const count = dims.reduce((product, size) => product * size, 1);
		const scale = 2 / Math.sqrt(dims[0]);
		const values = Float32Array.from({ length: count }, () => scale * (2 * this.#random() - 1));
		return this.#graph.constant(name, values, dims);
	}
}

function zeroOf(graph: GraphBuilder): string {
	return graph.constant('zero', [0n], []);
}

function uint8Tensor(name: string, rawData: Uint8Array, dims: number[]) {
	return create(TensorProtoSchema, { name, dataType: UINT8, dims: dims.map(BigInt), rawData });
}
