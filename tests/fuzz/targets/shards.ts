import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeTinyCheckpoint } from '../../builders/checkpoint.ts';
import { encodeSafetensors, type TensorSource } from '../../builders/safetensors.ts';
import { mutateBytes } from '../mutateBytes.ts';
import { mutateJson } from '../mutateJson.ts';
import type { Random } from '../random.ts';
import { readStrictly } from '../strictSafetensors.ts';
import { Finding, refusedOr, type Outcome, type Target } from '../target.ts';
import { figuresOf, mustEqual } from './model.ts';

const INDEX = 'model.safetensors.index.json';

/**
 * The index of a checkpoint in several files. A mutant is refused, or its figures are those of all tensors of the
 * files that it names, as transformers reads it.
 */
export class ShardsTarget implements Target {
	readonly name = 'index';
	#model = '';
	#index = Buffer.alloc(0);

	async prepare(folder: string): Promise<void> {
		this.#model = join(folder, 'model');
		await writeTinyCheckpoint(this.#model, { shards: 3 });
		this.#index = await readFile(join(this.#model, INDEX));
	}

	async try(random: Random, folder: string): Promise<Outcome> {
		const wellFormed = random.chance(0.7);
		const json = JSON.parse(this.#index.toString()) as unknown;
		const mutant = wellFormed ? mutateJson(json, random) : mutateBytes(this.#index, random);
		const { change } = mutant;
		const bytes = 'bytes' in mutant ? mutant.bytes : Buffer.from(JSON.stringify(mutant.value));
		const model = join(folder, 'mutant', 'model');
		await cp(this.#model, model, { recursive: true });
		await writeFile(join(model, INDEX), bytes);
		const found = await refusedOr(change, () => figuresOf(model));
		if (found === null) return { change, wellFormed, verdict: 'refused' };
		mustEqual(change, found, await this.#plain(bytes, change, folder));
		return { change, wellFormed, verdict: 'right' };
	}

	/** Figures of the tensors of all files that the index names, in one file. */
	async #plain(index: Buffer, change: string, folder: string) {
		const { weight_map: map } = JSON.parse(index.toString()) as {
			weight_map: Record<string, unknown>;
		};
		const tensors = new Map<string, TensorSource>();
		const files = await readdir(this.#model);
		// Names that no tensor of the model has may stand for anything.
		for (const file of files.filter((each) => Object.values(map).includes(each))) {
			const found = readStrictly(await readFile(join(this.#model, file)));
			if (found === null)
				throw new Finding(`${change}: read, though ${file} is no safetensors file`);
			for (const tensor of found) tensors.set(tensor.name, tensor);
		}
		const model = join(folder, 'plain', 'model');
		await writeTinyCheckpoint(model);
		await writeFile(join(model, 'model.safetensors'), encodeSafetensors([...tensors.values()]));
		return figuresOf(model);
	}
}
