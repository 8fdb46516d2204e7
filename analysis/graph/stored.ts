import { layerTensorNames, modelTensorNames } from '../model/checkpoint/expected.ts';
import { weightEntry } from '../model/checkpoint/entry.ts';
import type { Checkpoint, TensorEntry, TensorPick } from '../model/checkpoint/types.ts';
import { isWeightDtype } from '../model/checkpoint/widen.ts';
import { FLOAT, FLOAT16, type GraphBuilder } from '../proto/builder.ts';
import type { LayerWeight, WeightOf } from './decoder.ts';

/** TensorProto.DataType. */
const BFLOAT16 = 16;

const ELEMENT_TYPES: Record<string, number> = { F32: FLOAT, F16: FLOAT16, BF16: BFLOAT16 };

/** Rows of the output embedding in one product: what is made of their logits stays in the processor's cache. */
const VOCABULARY_ROWS = 2048;

/**
 * Returns true if onnxruntime can read a checkpoint's weights from its files itself: floats in the order that graphs
 * take them. This program reads quantised ones, and those whose rows llama.cpp put in another order, layer by layer.
 */
export function canMap({ tensors, parts }: Checkpoint): boolean {
	if ([...parts.values()].some(({ quantised }) => quantised !== undefined)) return false;
	return [...tensors.values()].every(
		({ dtype, interleavedHeads }) =>
			(dtype in ELEMENT_TYPES || !isWeightDtype(dtype)) && interleavedHeads === undefined
	);
}

/** A run of rows of the output embedding. */
export interface VocabularyRows {
	/** Id of the first. */
	first: number;
	/** [count, hidden], float32. */
	name: string;
}

/** The parts that a vocabulary goes through in, in the order of ids. */
export function vocabularyParts(vocab: number): { first: number; count: number }[] {
	return Array.from({ length: Math.ceil(vocab / VOCABULARY_ROWS) }, (_, part) => {
		const first = part * VOCABULARY_ROWS;
		return { first, count: Math.min(VOCABULARY_ROWS, vocab - first) };
	});
}

/**
 * Weights that a graph reads from the checkpoint's own files, as float32: constants of the graph that onnxruntime maps,
 * widens and packs when the session is made. `locationOf` names a file of the checkpoint as the session finds it.
 */
export class StoredWeights {
	readonly #builder: GraphBuilder;
	readonly #checkpoint: Checkpoint;
	readonly #locationOf: (file: string) => string;
	readonly #added = new Map<string, string>();

	constructor(builder: GraphBuilder, checkpoint: Checkpoint, locationOf: (file: string) => string) {
		this.#builder = builder;
		this.#checkpoint = checkpoint;
		this.#locationOf = locationOf;
	}

	/** The weights of a layer by role. */
	layer(layer: number): WeightOf {
		const names = layerTensorNames(this.#checkpoint.config, layer);
		return (role: LayerWeight) => {
			const name = names[role];
			if (name === undefined) throw new RangeError(`layer ${layer} has no ${role}`);
			return this.tensor(name);
		};
	}

	/** Returns true if the checkpoint has a tensor of that name. */
	has(name: string): boolean {
		return this.#checkpoint.tensors.has(name);
	}

	finalNorm(): { weight: string | null; bias: string | null } {
		const { finalNorm, finalNormBias } = modelTensorNames(this.#checkpoint.config);
		return {
			weight: finalNorm === null ? null : this.tensor(finalNorm),
			bias: finalNormBias === null ? null : this.tensor(finalNormBias)
		};
	}

	/** The output embedding in parts, in the order of ids. */
	vocabulary(): VocabularyRows[] {
		const { hidden, vocab } = this.#checkpoint.config;
		const entry = this.#entry(modelTensorNames(this.#checkpoint.config).outputEmbedding);
		const rowBytes = entry.byteLength / vocab;
		return vocabularyParts(vocab).map(({ first, count }) => {
			const name = this.#add({
				...entry,
				name: `${entry.name}/${first}`,
				shape: [count, hidden],
				offset: entry.offset + first * rowBytes,
				byteLength: count * rowBytes
			});
			return { first, name };
		});
	}

	/** A tensor of the checkpoint. */
	tensor(name: string): string {
		return this.#add(this.#entry(name));
	}

	#add(entry: TensorEntry): string {
		const { name, dtype, shape } = entry;
		const known = this.#added.get(name);
		if (known !== undefined) return known;
		const value =
			entry.pieces !== undefined
				? this.#joined(name, entry.pieces)
				: entry.pick === undefined
					? this.#stored(name, dtype, shape, entry)
					: this.#picked(entry, entry.pick);
		this.#added.set(name, value);
		return value;
	}

	/** Pieces one below the other, or side by side. */
	#joined(name: string, { entries, join }: NonNullable<TensorEntry['pieces']>): string {
		const values = entries.map((piece) => this.#add(piece));
		return this.#builder.node(`${name}/Join`, 'Concat', values, {
			attributes: { axis: join === 'rows' ? 0n : 1n }
		});
	}

	/** Bytes of a file as a float32 constant. */
	#stored(
		name: string,
		dtype: string,
		shape: readonly number[],
		{ file, offset, byteLength }: TensorEntry
	): string {
		const elementType = ELEMENT_TYPES[dtype];
		const place = { location: this.#locationOf(file), offset, length: byteLength };
		const stored = this.#builder.external(name, elementType, shape, place);
		if (elementType === FLOAT) return stored;
		return this.#builder.node(`${name}/Float`, 'Cast', [stored], {
			attributes: { to: BigInt(FLOAT) }
		});
	}

	/** A weight out of the larger tensor that it lies scattered within; onnxruntime does that once. */
	#picked(entry: TensorEntry, pick: TensorPick): string {
		const { name, dtype, shape, of = name } = entry;
		const builder = this.#builder;
		const [outputs, ...inputs] = shape;
		const slice = (from: string, first: number, count: number, axis = 1, step = 1): string =>
			builder.node(`${name}/Slice`, 'Slice', [
				from,
				builder.integers(first),
				builder.integers(first + count * step),
				builder.integers(axis),
				...(step === 1 ? [] : [builder.integers(step)])
			]);
		if (pick.kind === 'elements') {
			const whole = this.#whole(of, dtype, [outputs * pick.step], entry);
			return slice(whole, pick.first, outputs, 0, pick.step);
		}
		if (pick.kind === 'columns') {
			const whole = this.#whole(`${of}/${entry.offset}`, dtype, [...inputs, pick.total], entry);
			const columns = slice(whole, pick.first, outputs, 1, pick.step);
			return builder.node(`${name}/Turn`, 'Transpose', [columns], {
				attributes: { perm: [1n, 0n] }
			});
		}
		const { groups, parts, part } = pick;
		const rows = outputs / groups;
		const whole = this.#whole(of, dtype, [groups, parts * rows, ...inputs], entry);
		return builder.node(`${name}/Join`, 'Reshape', [
			slice(whole, part * rows, rows),
			builder.integers(...shape)
		]);
	}

	/** The larger tensor, which several weights are taken out of. */
	#whole(of: string, dtype: string, shape: readonly number[], entry: TensorEntry): string {
		const known = this.#added.get(of);
		if (known !== undefined) return known;
		const value = this.#stored(of, dtype, shape, entry);
		this.#added.set(of, value);
		return value;
	}

	#entry(name: string): TensorEntry {
		return weightEntry(this.#checkpoint, name);
	}
}
