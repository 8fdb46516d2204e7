import {
	ATTENTION_ONLY,
	FEED_FORWARD,
	layerTensorNames,
	layerTensorShapes,
	meanOutputName,
	modelTensorNames,
	needsRole,
	type LayerRole
} from '../model/checkpoint/expected.ts';
import { weightEntry } from '../model/checkpoint/entry.ts';
import type { ModelHasher } from '../model/checkpoint/hash.ts';
import type { WeightReader } from '../model/checkpoint/read.ts';
import type { Checkpoint, TensorEntry } from '../model/checkpoint/types.ts';
import { widenWeight } from '../model/quantised/decode.ts';
import { ResidentModel } from './residentModel.ts';
import { tensor, type Tensors } from './session.ts';

type Role = LayerRole;

/** One layer's weights as feeds of its graphs. */
export interface LayerWeights {
	attend: Tensors;
	reuse: Tensors;
	drop: Tensors;
	/** Of a model that drops this layer's attention: what stands in for its output, [hidden]; null: nothing. */
	meanOutput: Float32Array | null;
}

/** Bytes of float32 output-embedding rows in memory at once (32 MB): a vocabulary may have 128 000 rows. */
const VOCABULARY_PART_BYTES = 2 ** 25;

/** A part of the output embedding: rows `first` … `first + count`, float32 [count, hidden]. */
export interface VocabularyPart {
	first: number;
	count: number;
	rows: Float32Array;
}

/**
 * A model's weights. As float32, layer by layer: one layer is in memory, and the bytes of the next one are read while it
 * is used. Resident: all of them, packed, in the sessions of `model`; what is asked for all the same is read.
 */
export class WeightSource {
	readonly #checkpoint: Checkpoint;
	readonly #reader: WeightReader;
	readonly #hasher: ModelHasher | null;
	/** The model in memory; null: weights are streamed. */
	readonly model: ResidentModel | null;
	/** Buffers of a streamed layer, by role; the layers after it are written over it. */
	#buffers: Map<Role, Float32Array> | null = null;
	/** The streamed layer that lies there. */
	#streamed: { layer: number; weights: LayerWeights } | null = null;
	#reading: { layer: number; bytes: Promise<Uint8Array[]> } | null = null;

	constructor(
		checkpoint: Checkpoint,
		reader: WeightReader,
		options: { resident: boolean; hasher: ModelHasher | null }
	) {
		this.#checkpoint = checkpoint;
		this.#reader = reader;
		this.#hasher = options.hasher;
		this.model = options.resident ? new ResidentModel(checkpoint) : null;
	}

	/** The folder of the model, which names it in messages. */
	get folder(): string {
		return this.#checkpoint.folder;
	}

	/** Starts reading a layer's bytes; they arrive while the thread is busy elsewhere. */
	prefetch(layer: number): void {
		if (this.#streamed?.layer === layer || this.#reading?.layer === layer) return;
		const bytes = Promise.all(this.#roles(layer).map(({ entry }) => this.#reader.read(entry)));
		// A failure is met where the bytes are awaited; until then it must not count as unhandled.
		bytes.catch(() => undefined);
		this.#reading = { layer, bytes };
	}

	/** A layer's weights. Where they are streamed, the weights handed out before are overwritten. */
	async layer(layer: number): Promise<LayerWeights> {
		if (this.#streamed?.layer === layer) return this.#streamed.weights;
		this.prefetch(layer);
		const bytes = (await this.#reading?.bytes) ?? [];
		this.#reading = null;
		const buffers = (this.#buffers ??= new Map<Role, Float32Array>());
		const weights: LayerWeights = { attend: {}, reuse: {}, drop: {}, meanOutput: null };
		for (const [index, { role, entry }] of this.#roles(layer).entries()) {
			const elements = entry.shape.reduce((product, size) => product * size, 1);
			const buffer = buffers.get(role) ?? new Float32Array(elements);
			buffers.set(role, buffer);
			widenWeight(entry, bytes[index], buffer, 0);
			this.#hash(entry, bytes[index]);
			this.#reader.release(bytes[index]);
			const value = tensor(buffer, entry.shape);
			weights.attend[role] = value;
			if (!ATTENTION_ONLY.includes(role)) weights.reuse[role] = value;
			if (FEED_FORWARD.includes(role)) weights.drop[role] = value;
			if (role === 'oBias' && this.#source(layer) === null) weights.meanOutput = buffer;
		}
		this.#streamed = { layer, weights };
		return weights;
	}

	/**
	 * Reads the mean output that the model itself has in place of the attention of a dropped layer, [hidden];
	 * null: it has none, or the layer has attention.
	 */
	async meanOutput(layer: number): Promise<Float32Array | null> {
		if (this.#source(layer) !== null) return null;
		const entry = this.#checkpoint.tensors.get(meanOutputName(this.#checkpoint.config, layer));
		if (entry === undefined) return null;
		const mean = new Float32Array(this.#checkpoint.config.hidden);
		await this.#reader.readInto(entry, mean, 0);
		return mean;
	}

	/** Frees the sessions of a model in memory. */
	async release(): Promise<void> {
		await this.model?.release();
	}

	/** The state in which a window's tokens enter the first layer, [S, hidden]. */
	async embed(ids: readonly number[]): Promise<Float32Array> {
		const { embedding, positions } = this.#names();
		const rows = await this.#reader.readRows(this.#entry(embedding), ids);
		const scale = this.#checkpoint.config.scales.embedding;
		if (scale !== 1) for (let index = 0; index < rows.length; index++) rows[index] *= scale;
		if (positions === null) return rows;
		const places = await this.#reader.readRows(this.#entry(positions), [...ids.keys()]);
		for (let index = 0; index < rows.length; index++) rows[index] += places[index];
		return rows;
	}

	/** Output embeddings of the given ids, [ids, hidden]. */
	async outputRows(ids: readonly number[]): Promise<Float32Array> {
		return this.#reader.readRows(this.#entry(this.#names().outputEmbedding), ids);
	}

	/** Weight and bias of the final norm, [hidden], where it has them. */
	async finalNorm(): Promise<Tensors> {
		const { finalNorm: weight, finalNormBias: bias } = this.#names();
		const { hidden } = this.#checkpoint.config;
		const found: Tensors = {};
		for (const [role, name] of Object.entries({ weight, bias })) {
			if (name === null) continue;
			const values = new Float32Array(hidden);
			await this.#reader.readInto(this.#entry(name), values, 0);
			found[role] = tensor(values, [hidden]);
		}
		return found;
	}

	/** The output embedding, part by part, in order; each is overwritten by the next. */
	async *vocabulary(): AsyncGenerator<VocabularyPart> {
		const { hidden, vocab } = this.#checkpoint.config;
		const entry = this.#entry(this.#names().outputEmbedding);
		const rowBytes = entry.byteLength / vocab;
		const partRows = Math.min(vocab, Math.max(1, Math.floor(VOCABULARY_PART_BYTES / (4 * hidden))));
		const shared = new Float32Array(partRows * hidden);
		for (let first = 0; first < vocab; first += partRows) {
			const count = Math.min(partRows, vocab - first);
			const rows = shared.subarray(0, count * hidden);
			const part: TensorEntry = {
				...entry,
				shape: [count, hidden],
				offset: entry.offset + first * rowBytes,
				byteLength: count * rowBytes
			};
			await this.#reader.readInto(part, rows, 0);
			yield { first, count, rows };
		}
	}

	#roles(layer: number): { role: Role; entry: TensorEntry }[] {
		const names = layerTensorNames(this.#checkpoint.config, layer);
		const source = this.#source(layer);
		const roles = Object.keys(layerTensorShapes(this.#checkpoint.config)) as Role[];
		const found = roles.flatMap((role) => {
			const name = names[role];
			if (name === undefined || !needsRole(role, layer, source)) return [];
			return [{ role, entry: this.#entry(name) }];
		});
		const mean =
			source === null &&
			this.#checkpoint.tensors.get(meanOutputName(this.#checkpoint.config, layer));
		return mean ? [...found, { role: 'oBias', entry: mean }] : found;
	}

	/** Returns the layer that the model itself takes a layer's attention from; null: the layer has no attention. */
	#source(layer: number): number | null {
		const { shared } = this.#checkpoint.config;
		return shared === null ? layer : shared.sources[layer];
	}

	#names(): ReturnType<typeof modelTensorNames> {
		return modelTensorNames(this.#checkpoint.config);
	}

	#entry(name: string): TensorEntry {
		return weightEntry(this.#checkpoint, name);
	}

	#hash(entry: TensorEntry, bytes: Uint8Array): void {
		// A part of a tensor says nothing of the whole.
		if (entry.of !== undefined) return;
		if (this.#hasher !== null && !this.#hasher.has(entry.name)) this.#hasher.add(entry.name, bytes);
	}
}
