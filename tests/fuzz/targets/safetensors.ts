import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
	encodeSafetensors,
	safetensorsFile,
	type TensorSource
} from '../../builders/safetensors.ts';
import { writeTinyCheckpoint } from '../../builders/checkpoint.ts';
import { mutateBytes } from '../mutateBytes.ts';
import { mutateJson } from '../mutateJson.ts';
import type { Random } from '../random.ts';
import { readStrictly } from '../strictSafetensors.ts';
import { Finding, refusedOr, type Outcome, type Target } from '../target.ts';
import { figuresOf, mustEqual } from './model.ts';

const FILE = 'model.safetensors';

/**
 * The weights of a checkpoint. A mutant is refused, or its figures are those of the same tensors, as the rules of the
 * format give them, written anew in the plainest way.
 */
export class SafetensorsTarget implements Target {
	readonly name = 'safetensors';
	#model = '';
	#bytes = Buffer.alloc(0);

	async prepare(folder: string): Promise<void> {
		this.#model = join(folder, 'model');
		await writeTinyCheckpoint(this.#model);
		this.#bytes = await readFile(join(this.#model, FILE));
	}

	async try(random: Random, folder: string): Promise<Outcome> {
		const { bytes, change, wellFormed } = this.#mutant(random);
		const model = join(folder, 'mutant', 'model');
		await cp(this.#model, model, { recursive: true });
		await writeFile(join(model, FILE), bytes);
		const found = await refusedOr(change, () => figuresOf(model));
		if (found === null) return { change, wellFormed, verdict: 'refused' };
		const tensors = readStrictly(bytes);
		if (tensors === null) throw new Finding(`${change}: read, though the format forbids it`);
		mustEqual(change, found, await this.#plain(tensors, folder));
		return { change, wellFormed, verdict: 'right' };
	}

	/** Figures of a checkpoint with these tensors, written in order. */
	async #plain(tensors: readonly TensorSource[], folder: string) {
		const model = join(folder, 'plain', 'model');
		await cp(this.#model, model, { recursive: true });
		const floats = tensors.filter(({ dtype }) => dtype === 'F32');
		await writeFile(join(model, FILE), encodeSafetensors(floats));
		return figuresOf(model);
	}

	#mutant(random: Random): { bytes: Buffer; change: string; wellFormed: boolean } {
		if (random.chance(0.3)) return { ...mutateBytes(this.#bytes, random), wellFormed: false };
		const length = Number(this.#bytes.readBigUInt64LE(0));
		const header = JSON.parse(this.#bytes.toString('utf8', 8, 8 + length)) as unknown;
		const data = this.#bytes.subarray(8 + length);
		const { value, change } = random.chance(0.3)
			? swappedTensors(header as Record<string, Entry>, random)
			: mutateJson(header, random);
		const file = safetensorsFile(JSON.stringify(value), data);
		return { bytes: Buffer.from(file), change, wellFormed: true };
	}
}

interface Entry {
	shape: number[];
	data_offsets: number[];
}

/** Two tensors of one shape take each other's bytes: a file as good as any, of another model. */
function swappedTensors(header: Record<string, Entry>, random: Random) {
	const value = structuredClone(header);
	const names = Object.keys(value).filter((name) => name !== '__metadata__');
	const one = random.pick(names);
	const alike = names.filter((name) => value[name].shape.join() === value[one].shape.join());
	const other = random.pick(alike);
	[value[one].data_offsets, value[other].data_offsets] = [
		value[other].data_offsets,
		value[one].data_offsets
	];
	return { value, change: `${one} and ${other} swap their bytes` };
}
