import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeDynamics } from '../../analysis/compare/storedDynamics.ts';
import { sha256 } from '../../analysis/edge/seal.ts';
import { writeResult } from '../../analysis/measure/results/folder.ts';
import { withModel } from '../../analysis/model/open.ts';
import { changeLabel } from '../../analysis/workspace/labels/files.ts';
import { NO_LABEL } from '../../analysis/workspace/labels/label.ts';
import { runFolder } from '../../analysis/workspace/run/list.ts';
import { writeRun } from '../../analysis/workspace/run/write.ts';
import { madeUpStudy, type Study } from './study.ts';

/** The kinds of measurement that a seed holds of each model. */
export const SEEDED_KINDS = [
	...(['damage', 'evaluation', 'search', 'tune', 'bench'] as const),
	'harness'
] as const;

/** Ids of what a seed wrote about a model, and the training that `seedLabels` writes. */
export type Seeded = Record<'run' | (typeof SEEDED_KINDS)[number], string> &
	Pick<Study, 'training'>;

/**
 * Writes a made-up run of each bundled model of `names` into a workspace, and made-up results of `kinds`: of every kind. Facts and
 * hashes are the models' own, so that what a page asks about the model is answered. Throws InputError where the
 * workspace holds them already.
 */
export async function seedWorkspace(
	home: string,
	names: readonly string[] = ['mini-llama2', 'mini-llama3'],
	kinds: readonly (typeof SEEDED_KINDS)[number][] = SEEDED_KINDS
): Promise<Seeded[]> {
	const seeded: Seeded[] = [];
	for (const name of names) {
		const folder = resolve('models', name);
		const known = await withModel(folder, async (model) => ({
			...model.facts,
			hash: await model.hash(home)
		}));
		const study = madeUpStudy({
			...known,
			name,
			folder,
			tokenizerHash: sha256(await readFile(join(folder, 'tokenizer.json')))
		});
		const { record, sums, windows } = study.run;
		await writeRun(runFolder(home, record.id), record, sums, windows);
		const ids: Seeded = {
			run: record.id,
			damage: '',
			evaluation: '',
			search: '',
			tune: '',
			bench: '',
			harness: '',
			training: study.training
		};
		for (const kind of kinds) {
			ids[kind] = `${name}-${kind}`;
			await writeResult(home, study[kind], [], { id: ids[kind] });
		}
		seeded.push(ids);
	}
	return seeded;
}

/** Writes what a workspace keeps beside its runs and results: names, tags and notes of the first of `seeded`, and a training. */
export async function seedLabels(home: string, [first]: readonly Seeded[]): Promise<void> {
	const was = { ...NO_LABEL };
	const called = (name: string, tags: string[], note: string) => ({
		was,
		next: { name, tags, note, pinned: true }
	});
	await changeLabel(
		home,
		'runs',
		first.run,
		called(
			'Baseline for the paper',
			['paper'],
			'Figure 2. Measured again after the text was cleaned.'
		)
	);
	await changeLabel(
		home,
		'results',
		first.evaluation,
		called('Four followers', ['paper', 'share'], 'The plan of table 3.')
	);
	const about = { name: 'Pythia', command: 'spanwise dynamics Pythia --text walden.txt' };
	await writeDynamics(home, about, first.training);
}
