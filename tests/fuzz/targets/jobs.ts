import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JobStore, type StoredJobs } from '../../../src/lib/server/jobs/store.ts';
import { mutateBytes } from '../mutateBytes.ts';
import { mutateJson } from '../mutateJson.ts';
import type { Random } from '../random.ts';
import { Finding, refusedOr, type Outcome, type Target } from '../target.ts';

const IDS = ['aaaa', 'bbbb', 'cccc'];

function recordOf(id: string) {
	return {
		job: {
			id,
			kind: 'analyze',
			state: 'queued',
			model: 'model',
			texts: ['a.txt'],
			context: 24,
			windows: 2,
			createdAt: '2026-11-23T06:15:03.000Z',
			progress: null,
			estimate: null,
			run: null,
			result: null,
			reason: null,
			telemetry: null
		},
		request: {
			kind: 'analyze',
			modelFolder: 'model',
			context: 24,
			windows: 2,
			metrics: ['cosine'],
			views: ['all'],
			jsRows: 32
		},
		command: 'spanwise analyze model --text a.txt',
		runId: null
	};
}

/**
 * jobs.json. Whatever a record has become, its neighbours are read and keep their texts, and nothing that was not
 * understood is deleted: neither the record nor its texts.
 */
export class JobsTarget implements Target {
	readonly name = 'jobs';

	prepare(): Promise<void> {
		return Promise.resolve();
	}

	async try(random: Random, folder: string): Promise<Outcome> {
		const file = { format: 'spanwise/jobs', version: 1, jobs: IDS.map(recordOf) };
		for (const id of IDS) {
			await mkdir(join(folder, 'jobs', id), { recursive: true });
			await writeFile(join(folder, 'jobs', id, '0.txt'), 'a text');
		}
		const wellFormed = random.chance(0.7);
		const victim = random.int(IDS.length);
		const mutant = wellFormed
			? mutateJson(file.jobs[victim], random)
			: mutateBytes(Buffer.from(JSON.stringify(file)), random);
		const { change } = mutant;
		const text =
			'bytes' in mutant ? mutant.bytes : JSON.stringify(withJob(file, victim, mutant.value));
		await writeFile(join(folder, 'jobs.json'), text);
		const store = new JobStore(folder);
		const loaded = await refusedOr(change, () => store.load());
		if (loaded === null) throw new Finding(`${change}: the server would not start`);
		await store.removeOrphans(loaded);
		const lost = IDS.filter((id) => !existsSync(join(folder, 'jobs', id, '0.txt')));
		if (lost.length > 0) throw new Finding(`${change}: texts of ${lost.join(', ')} are gone`);
		const idsIn = ({ records, foreign }: StoredJobs) =>
			// A job without an id is shown under one that its place in the file gives it.
			[...foreign, ...records].map(({ job }) => job.id.replace(/^unread-\d+$/, 'unread'));
		const found = idsIn(loaded);
		const missing = IDS.filter((id, at) => at !== victim && !found.includes(id));
		if (wellFormed && missing.length > 0)
			throw new Finding(`${change}: jobs ${missing.join(', ')} are gone`);
		store.save(loaded);
		const again = idsIn(new JobStore(folder).load());
		if (again.join() !== found.join())
			throw new Finding(`${change}: jobs ${found.join()} became ${again.join()}`);
		return {
			change,
			wellFormed,
			verdict: loaded.records.length === IDS.length ? 'right' : 'refused'
		};
	}
}

function withJob<File extends { jobs: unknown[] }>(file: File, at: number, job: unknown) {
	return { ...file, jobs: file.jobs.map((each, index) => (index === at ? job : each)) };
}
