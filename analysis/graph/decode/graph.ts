import type { ModelConfig } from '../../model/checkpoint/types.ts';
import { FLOAT, FLOAT16, GraphBuilder } from '../../proto/builder.ts';
import {
	DECODER_DTYPE_BYTES,
	weightsFile,
	type DecoderDtype,
	type DecoderWeight,
	type WeightContent
} from './weights.ts';

/** Weights begin at pages, so that they can be mapped into memory one by one. */
const PAGE_BYTES = 4096;

/** A decoder to be written: a model, what its layers attend with, and the element type of its weights. */
export interface DecoderSpec {
	config: ModelConfig;
	dtype: DecoderDtype;
	/** Per layer: itself, the layer before it whose probabilities it reuses, or null: no attention. */
	sources: readonly (number | null)[];
	/** Per layer, the source's head for each of its heads; null: heads keep their places. */
	headMaps: readonly (readonly number[] | null)[];
	/** Followers whose output projection was refitted. */
	refitted: ReadonlySet<number>;
	/** Dropped layers that a mean output stands in for. */
	biased: ReadonlySet<number>;
}

/** A decoder's graph being written, its weights being laid out one after the other as they are first used. */
export class DecodeGraph {
	readonly builder = new GraphBuilder('decoder');
	readonly spec: DecoderSpec;
	/** In the order of their bytes. */
	readonly weights: DecoderWeight[] = [];
	/** Element type of weights, activations and cache. */
	readonly elementType: number;

	/** Values that every layer reads, by what they are. */
	readonly #shared = new Map<string, string>();

	constructor(spec: DecoderSpec) {
		this.spec = spec;
		this.elementType = spec.dtype === 'fp32' ? FLOAT : FLOAT16;
	}

	/** A value that is worked out once, whoever asks; `make` gets its place, a prefix for names. */
	once(at: string, make: (at: string) => string): string {
		const known = this.#shared.get(at);
		if (known !== undefined) return known;
		const value = make(at);
		this.#shared.set(at, value);
		return value;
	}

	/** A weight in the file beside the graph; its name. A name given twice is one weight. */
	weight(name: string, dims: readonly number[], content: WeightContent): string {
		return this.once(name, () => this.#place(name, dims, content));
	}

	#place(name: string, dims: readonly number[], content: WeightContent): string {
		const last = this.weights.at(-1);
		const end = last === undefined ? 0 : last.offset + last.length;
		const offset = Math.ceil(end / PAGE_BYTES) * PAGE_BYTES;
		const elements = dims.reduce((product, size) => product * size, 1);
		const length = elements * DECODER_DTYPE_BYTES[this.spec.dtype];
		this.weights.push({ name, dims, content, offset, length });
		return this.builder.external(name, this.elementType, dims, {
			location: weightsFile(this.spec.dtype),
			offset,
			length
		});
	}

	/** x·W, and + b where there are biases: [B, S, in] → [B, S, out]; several roles are one product, side by side. */
	linear(
		at: string,
		input: string,
		layer: number,
		roles: readonly ('q' | 'k' | 'v' | 'o' | 'gate' | 'up' | 'down')[],
		size: { in: number; out: number; bias: boolean }
	): string {
		const name = at.replaceAll('/', '.').slice(1);
		const refit = roles[0] === 'o' && this.spec.refitted.has(layer);
		const matrix = this.weight(
			`${name}.MatMul.weight`,
			[size.in, size.out],
			refit
				? { kind: 'repair', layer, part: 'o' }
				: { kind: 'layer', layer, roles: [...roles], transposed: true }
		);
		const product = this.builder.node(`${at}/MatMul`, 'MatMul', [input, matrix]);
		if (!size.bias) return product;
		const bias = this.weight(`${name}.Add.bias`, [size.out], {
			kind: 'layer',
			layer,
			roles: roles.map((role) => `${role}Bias` as const),
			transposed: false
		});
		return this.builder.node(`${at}/Add`, 'Add', [product, bias]);
	}

	/** A weight of one layer's norm, [width]. */
	normWeight(
		name: string,
		layer: number,
		role: 'inputNorm' | 'postNorm' | 'qNorm' | 'kNorm',
		width: number
	): string {
		return this.weight(`${name}.weight`, [width], {
			kind: 'layer',
			layer,
			roles: [role],
			transposed: false
		});
	}
}
