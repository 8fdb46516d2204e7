import { createHash } from 'node:crypto';
import { sha256 } from '../../edge/seal.ts';
import type { WeightReader } from './read.ts';
import type { Checkpoint } from './types.ts';

/**
 * The hash of a model's weights, worked out while they are read.
 *
 * It is the SHA-256, in lower-case hexadecimal, of one line a tensor of the checkpoint, those the engine does
 * not use included, sorted by name (as UTF-16). A line is a JSON array without spaces and a newline:
 * `["model.norm.weight","BF16",[192],"<SHA-256 of the tensor's bytes>"]`. How tensors are spread over
 * files, and what else stands in their headers, does not matter.
 */
export class ModelHasher {
	readonly #checkpoint: Checkpoint;
	readonly #sums = new Map<string, string>();

	constructor(checkpoint: Checkpoint) {
		this.#checkpoint = checkpoint;
	}

	/** Takes in the bytes of a tensor as they are on disk. */
	add(name: string, bytes: Uint8Array): void {
		this.#sums.set(name, sha256(bytes));
	}

	/** Takes in a tensor whose bytes come in pieces. */
	async addPieces(name: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
		const hash = createHash('sha256');
		for await (const piece of pieces) hash.update(piece);
		this.#sums.set(name, hash.digest('hex'));
	}

	/** Takes in the SHA-256 of a tensor's bytes, lower-case hexadecimal, that was worked out elsewhere. */
	take(name: string, sum: string): void {
		this.#sums.set(name, sum);
	}

	has(name: string): boolean {
		return this.#sums.has(name);
	}

	/** The model's hash; every tensor must have been added. */
	digest(): string {
		const hash = createHash('sha256');
		for (const name of [...this.#checkpoint.tensors.keys()].sort()) {
			const entry = this.#checkpoint.tensors.get(name);
			const sum = this.#sums.get(name);
			if (entry === undefined || sum === undefined) throw new Error(`${name} was not hashed`);
			hash.update(`${JSON.stringify([name, entry.dtype, entry.shape, sum])}\n`);
		}
		return hash.digest('hex');
	}
}

/** Reads and hashes the tensors that were not added yet; the model's hash. */
export async function completeHash(
	checkpoint: Checkpoint,
	reader: WeightReader,
	hasher: ModelHasher
): Promise<string> {
	for (const [name, entry] of checkpoint.tensors) {
		if (!hasher.has(name)) await hasher.addPieces(name, reader.chunks(entry));
	}
	return hasher.digest();
}
