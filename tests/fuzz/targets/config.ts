import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeTinyCheckpoint } from '../../builders/checkpoint.ts';
import type { Random } from '../random.ts';
import { Finding, refusedOr, type Outcome, type Target } from '../target.ts';
import { CONFIG } from './configMutants.ts';
import { figuresOf, LOSS_TOLERANCE } from './model.ts';

/** Reference of one mutant by transformers: the loss on the windows that `figuresOf` cuts, or null. */
interface Reference {
	change: string;
	config: Record<string, unknown>;
	/** nats/token; null: transformers refuses it, or draws weights that the file lacks. */
	loss: number | null;
}

/** Written by tests/fuzz/reference.py; the fuzzer runs in the project's root. */
const REFERENCE = 'tests/fuzz/config.reference.json';

/** config.json with one key changed. A mutant is refused, or its loss is that of transformers. */
export class ConfigTarget implements Target {
	readonly name = 'config';
	#model = '';
	#references: Reference[] = [];

	async prepare(folder: string): Promise<void> {
		this.#model = join(folder, 'model');
		await writeTinyCheckpoint(this.#model, { config: CONFIG });
		this.#references = JSON.parse(await readFile(REFERENCE, 'utf8')) as Reference[];
	}

	async try(random: Random, folder: string): Promise<Outcome> {
		const { change, config, loss } = random.pick(this.#references);
		const model = join(folder, 'mutant', 'model');
		await cp(this.#model, model, { recursive: true });
		await writeFile(join(model, 'config.json'), JSON.stringify(config));
		const found = await refusedOr(change, () => figuresOf(model));
		if (found === null) return { change, wellFormed: true, verdict: 'refused' };
		if (loss === null) throw new Finding(`${change}: read, though transformers refuses it`);
		if (!(Math.abs(found.loss - loss) <= LOSS_TOLERANCE)) {
			throw new Finding(
				`${change}: another number without a word: loss ${found.loss}; transformers says ${loss}`
			);
		}
		return { change, wellFormed: true, verdict: 'right' };
	}
}
