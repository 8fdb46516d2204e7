import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readRun, readSums, readWindows } from '../../../analysis/workspace/run/read.ts';
import { similarityOf } from '../../../analysis/similarity/similarity.ts';
import { METRICS, VIEWS } from '../../../analysis/similarity/types.ts';
import { writeTinyCheckpoint } from '../../builders/checkpoint.ts';
import { mutateBytes } from '../mutateBytes.ts';
import { mutateJson } from '../mutateJson.ts';
import type { Random } from '../random.ts';
import { Finding, refusedOr, type Outcome, type Target } from '../target.ts';
import { analyze } from '../../builders/opened.ts';

/** A run's folder. A mutant is refused, or every figure that it still has is the original's. */
export class RunFolderTarget implements Target {
	readonly name = 'run';
	#run = '';
	#files: string[] = [];
	#figures = new Map<string, string>();

	async prepare(folder: string): Promise<void> {
		const modelFolder = join(folder, 'model');
		await writeTinyCheckpoint(modelFolder);
		this.#run = join(folder, 'run');
		const text = 'the cat sat on the mat and the dog lay by the door '.repeat(20);
		await analyze(
			{
				modelFolder,
				documents: [{ name: 'a.txt', text }],
				context: 24,
				windows: 3,
				metrics: [...METRICS],
				views: [...VIEWS],
				jsRows: 32,
				memoryLimitBytes: 2e9,
				home: join(folder, 'home')
			},
			{ runFolder: this.#run, id: 'run', command: 'spanwise analyze', onProgress: () => undefined }
		);
		const found = await readdir(this.#run, { recursive: true, withFileTypes: true });
		this.#files = found
			.filter((entry) => entry.isFile())
			.map((entry) => join(entry.parentPath, entry.name).slice(this.#run.length + 1))
			.sort();
		this.#figures = await figuresOf(this.#run);
	}

	async try(random: Random, folder: string): Promise<Outcome> {
		const run = join(folder, 'run');
		await cp(this.#run, run, { recursive: true });
		const file = random.chance(0.5) ? 'run.json' : random.pick(this.#files);
		const original = await readFile(join(run, file));
		const json = file.endsWith('.json');
		const wellFormed = !json || random.chance(0.7);
		const mutant =
			json && wellFormed
				? mutateJson(JSON.parse(original.toString()), random)
				: mutateBytes(original, random);
		const change = `${file}: ${mutant.change}`;
		const bytes = 'bytes' in mutant ? mutant.bytes : Buffer.from(JSON.stringify(mutant.value));
		await writeFile(join(run, file), bytes);
		const figures = await refusedOr(change, () => figuresOf(run));
		if (figures === null) return { change, wellFormed, verdict: 'refused' };
		for (const [name, figure] of figures) {
			if (figure !== this.#figures.get(name)) throw new Finding(`${change}: another ${name}`);
		}
		return { change, wellFormed, verdict: 'right' };
	}
}

/** Everything that pages and commands compute from a run, as text, by name. */
async function figuresOf(run: string): Promise<Map<string, string>> {
	const record = await readRun(run);
	const { windows } = await readWindows(run, record);
	const documents = record.windows.map(({ document }) => document);
	const figures: [string, unknown][] = [
		['model', record.model],
		['loss', record.loss],
		['windows', windows],
		['places', record.windows],
		['texts', record.texts],
		['profile', record.profile]
	];
	for (const view of record.views) {
		const sums = await readSums(run, record, view);
		for (const metric of record.metrics) {
			const { matrix } = similarityOf(sums, metric, documents);
			figures.push([`${metric} ${view}`, [...matrix]]);
		}
	}
	return new Map(figures.map(([name, value]) => [name, JSON.stringify(value)]));
}
