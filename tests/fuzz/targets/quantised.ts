import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckpoint } from '../../../analysis/model/checkpoint/open.ts';
import { plainLoss } from '../../builders/plainLoss.ts';
import { mutateJson } from '../mutateJson.ts';
import type { Random } from '../random.ts';
import { Finding, refusedOr, type Outcome, type Target } from '../target.ts';

/** Made by make.py in there, with the loss of each; the fuzzer runs in the project's root. */
const FIXTURES = 'tests/fixtures/quantised';
const SETTINGS = ['quantization_config', 'compression_config'];
/** Others sum differently. */
const TOLERANCE = 2e-5;

interface Reference {
	ids: number[];
	loss: number;
}

/**
 * Settings of quantised weights in config.json. The weights stay as they are, so that a mutant is refused or has the
 * loss that it had: no other reading of the same bytes goes without a word.
 */
export class QuantisedTarget implements Target {
	readonly name = 'quantised';
	#cases: string[] = [];

	async prepare(): Promise<void> {
		const entries = await readdir(FIXTURES, { withFileTypes: true });
		this.#cases = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
	}

	async try(random: Random, folder: string): Promise<Outcome> {
		const name = random.pick(this.#cases);
		const model = join(folder, 'model');
		await mkdir(model);
		await cp(join(FIXTURES, name), model, { recursive: true });
		const config = await jsonOf<Record<string, unknown>>(join(model, 'config.json'));
		const key = SETTINGS.find((each) => each in config);
		if (key === undefined) throw new Finding(`${name}: no settings of quantised weights`);
		const mutant = mutateJson(config[key], random);
		const change = `${name}: ${key}: ${mutant.change}`;
		await writeFile(join(model, 'config.json'), JSON.stringify({ ...config, [key]: mutant.value }));
		if (isOfVersion1(mutant.value, name)) return { change, wellFormed: true, verdict: 'right' };
		const { ids, loss } = await jsonOf<Reference>(join(model, 'reference.json'));
		const found = await refusedOr(change, async () => plainLoss(await openCheckpoint(model), ids));
		if (found === null) return { change, wellFormed: true, verdict: 'refused' };
		if (!(Math.abs(found - loss) <= TOLERANCE))
			throw new Finding(`${change}: loss ${found}; it was ${loss}`);
		return { change, wellFormed: true, verdict: 'right' };
	}
}

async function jsonOf<Value>(file: string): Promise<Value> {
	return JSON.parse(await readFile(file, 'utf8')) as Value;
}

/** Asymmetric GPTQ whose version only config.json says: who says none, or the first, means other weights. */
function isOfVersion1(said: unknown, name: string): boolean {
	const isObject = typeof said === 'object' && said !== null;
	const format = isObject && 'checkpoint_format' in said ? said.checkpoint_format : null;
	return name === 'gptq-v2' && format !== 'gptq_v2';
}
