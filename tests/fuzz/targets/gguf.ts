import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tinyConfig, writeTinyCheckpoint } from '../../builders/checkpoint.ts';
import { writeGguf, type GgufTensorBytes, type GgufValue } from '../../builders/gguf.ts';
import { ggufOf } from '../../builders/ggufOf.ts';
import { mutateBytes } from '../mutateBytes.ts';
import type { Random } from '../random.ts';
import { Finding, refusedOr, type Outcome, type Target } from '../target.ts';
import { figuresOf, mustEqual } from './model.ts';

type Metadata = Record<string, GgufValue>;
type Change = { change: string; config?: Record<string, unknown> };

/** Keys of numbers, and the key of config.json that says the same. */
const SAME_AS: Readonly<Record<string, string>> = {
	'llama.context_length': 'max_position_embeddings',
	'llama.embedding_length': 'hidden_size',
	'llama.block_count': 'num_hidden_layers',
	'llama.feed_forward_length': 'intermediate_size',
	'llama.attention.head_count': 'num_attention_heads',
	'llama.attention.head_count_kv': 'num_key_value_heads',
	'llama.attention.layer_norm_rms_epsilon': 'rms_norm_eps',
	'llama.rope.freq_base': 'rope_theta'
};
const NUMBERS = [0, 1, 2, 3, 4, 8, 16, 24, 100, 20_000, 2 ** 31];
/** Longest part of the file that holds no values of tensors, roughly: most damage is done there. */
const HEAD_BYTES = 12_000;

/**
 * GGUF files. A mutant is refused, or its figures are those of the checkpoint that says the same; damaged bytes are never
 * a fault.
 */
export class GgufTarget implements Target {
	readonly name = 'gguf';
	#metadata: Metadata = {};
	#tensors: GgufTensorBytes[] = [];
	#bytes = Buffer.alloc(0);

	async prepare(folder: string): Promise<void> {
		const model = join(folder, 'model');
		await writeTinyCheckpoint(model);
		const { metadata, tensors } = await ggufOf(model, 'llama-bpe');
		[this.#metadata, this.#tensors] = [metadata, tensors];
		this.#bytes = await readFile(await writeGguf(join(folder, 'model.gguf'), metadata, tensors));
	}

	async try(random: Random, folder: string): Promise<Outcome> {
		const place = join(folder, 'mutant');
		await mkdir(place);
		const file = join(place, 'model.gguf');
		if (random.chance(0.3)) {
			const head = this.#bytes.subarray(0, HEAD_BYTES);
			const { bytes, change } = mutateBytes(random.chance(0.8) ? head : this.#bytes, random);
			const rest = bytes.length > HEAD_BYTES + 64 ? [] : [this.#bytes.subarray(HEAD_BYTES)];
			await writeFile(file, Buffer.concat([bytes, ...rest]));
			const found = await refusedOr(change, () => figuresOf(file));
			if (found !== null && !Number.isFinite(found.loss)) throw new Finding(`${change}: no loss`);
			return { change, wellFormed: false, verdict: found === null ? 'refused' : 'right' };
		}
		const metadata = { ...this.#metadata };
		const tensors = this.#tensors.map((tensor) => ({ ...tensor }));
		const { change, config } = random.chance(0.6)
			? changeNumber(metadata, random)
			: changeTensors(tensors, random);
		await writeGguf(file, metadata, tensors);
		const found = await refusedOr(change, () => figuresOf(file));
		if (found === null) return { change, wellFormed: true, verdict: 'refused' };
		mustEqual(change, found, await this.#plain(metadata, tensors, config, folder));
		return { change, wellFormed: true, verdict: 'right' };
	}

	/** Figures of the checkpoint that says the same; tensors that changed places are put back into a file in order. */
	async #plain(
		metadata: Metadata,
		tensors: readonly GgufTensorBytes[],
		config: Record<string, unknown> | undefined,
		folder: string
	) {
		if (config === undefined) {
			const place = join(folder, 'plain');
			await mkdir(place);
			const sorted = tensors.toSorted((a, b) => a.name.localeCompare(b.name));
			return figuresOf(await writeGguf(join(place, 'model.gguf'), metadata, sorted));
		}
		const model = join(folder, 'plain', 'model');
		await writeTinyCheckpoint(model);
		await writeFile(join(model, 'config.json'), JSON.stringify({ ...tinyConfig(), ...config }));
		return figuresOf(model);
	}
}

/** Gives a key of a number another; `config` says the same to a checkpoint. */
function changeNumber(metadata: Metadata, random: Random): Change {
	const key = random.pick(Object.keys(SAME_AS));
	const value = random.pick(NUMBERS);
	metadata[key] = 'f32' in metadata[key] ? { f32: value } : { u32: value };
	return { change: `${key} = ${value}`, config: { [SAME_AS[key]]: value } };
}

/** Changes what is said of one tensor, or the order of all. */
function changeTensors(tensors: GgufTensorBytes[], random: Random): Change {
	const tensor = random.pick(tensors);
	const { name } = tensor;
	switch (
		random.pick(['order', 'order', 'type', 'shape', 'name', 'gone', 'twice', 'short', 'place'])
	) {
		case 'type':
			tensor.type = random.pick([1, 2, 3, 8, 12, 30, 99]);
			return { change: `${name} is of type ${tensor.type}` };
		case 'shape':
			tensor.shape = random.pick([
				[...tensor.shape, 1, 1, 1],
				[tensor.shape[0] * 2, ...tensor.shape.slice(1)],
				[tensor.shape.reduce((a, b) => a * b, 1)],
				[0],
				[]
			]);
			return { change: `${name} is [${tensor.shape.join()}]` };
		case 'name':
			tensor.name = random.pick([`${name}x`, '', name.toUpperCase(), '__proto__']);
			return { change: `${name} is called ${tensor.name}` };
		case 'gone':
			tensors.splice(tensors.indexOf(tensor), 1);
			return { change: `${name} is gone` };
		case 'twice':
			tensors.push({ ...tensor, bytes: new Uint8Array(tensor.bytes.length) });
			return { change: `${name} is there twice` };
		case 'place':
			tensor.offset = random.pick([0, 32, 64, 1, 4096, 2 ** 40]);
			return { change: `${name} is said to begin at ${tensor.offset}` };
		case 'short':
			tensor.bytes = tensor.bytes.subarray(0, tensor.bytes.length - 4);
			return { change: `${name} ends early` };
		default:
			tensors.reverse();
			return { change: 'in another order' };
	}
}
