import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	utimesSync,
	writeFileSync
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BenchSetting } from '$analysis/measure/bench/benchTypes.ts';
import { writeFakeWorker } from '../../../../tests/builders/fakeWorker.ts';
import { madeUpPlan } from '../../../../tests/builders/results.ts';
import { JobManager, type NewJob } from './manager.ts';
import { extentOf } from './record.ts';
import { JobStore } from './store.ts';

let home: string;
let managers: JobManager[];

beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), 'spanwise-jobs-'));
	managers = [];
});

afterEach(() => {
	for (const manager of managers) manager.stop();
	rmSync(home, { recursive: true, force: true });
});

function openManager(concurrency = 1): JobManager {
	const manager = new JobManager({
		store: new JobStore(home),
		workerFile: writeFakeWorker(home),
		concurrency,
		home,
		readOnly: false,
		problem: () => null,
		memoryLimitBytes: null
	});
	managers.push(manager);
	return manager;
}

/** The fake worker behaves as the model's name says. */
function jobFor(behaviour: string, text = 'Some words.'): NewJob {
	return {
		model: behaviour,
		run: null,
		request: {
			kind: 'analyze',
			modelFolder: behaviour,
			context: 8,
			windows: 1,
			metrics: ['cosine'],
			views: ['all'],
			jsRows: 32,
			recall: false,
			torch: null,
			device: 'cpu'
		},
		documents: [{ name: 'a.txt', text }],
		questions: null,
		command: `spanwise analyze ${behaviour} --text a.txt`,
		estimate: null
	};
}

function add(manager: JobManager, ...behaviours: string[]): string[] {
	return manager.add(behaviours.map((behaviour) => jobFor(behaviour))).map(({ id }) => id);
}

const states = (manager: JobManager) => manager.list().map(({ state }) => state);

const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 20 });

const starts = () => {
	const file = join(home, 'starts');
	if (!existsSync(file)) return [];
	const lines = readFileSync(file, 'utf8').trim().split('\n');
	return lines.map((line) => ({ model: line.split(' ')[0], pid: Number(line.split(' ')[1]) }));
};

const runFolders = () => (existsSync(join(home, 'runs')) ? readdirSync(join(home, 'runs')) : []);

describe('the queue', () => {
	test('runs jobs in order, one at a time', async () => {
		const manager = openManager();
		add(manager, 'done-1', 'done-2', 'done-3');
		expect(states(manager)).toEqual(['running', 'queued', 'queued']);
		await until(() => expect(states(manager)).toEqual(['done', 'done', 'done']));
		expect(starts().map(({ model }) => model)).toEqual(['done-1', 'done-2', 'done-3']);
		expect(runFolders().filter((name) => !name.startsWith('.'))).toEqual(
			manager.list().map(({ run }) => run)
		);
	});

	test('runs as many at a time as it was told', () => {
		const manager = openManager(2);
		add(manager, 'hang-1', 'hang-2', 'hang-3');
		expect(states(manager)).toEqual(['running', 'running', 'queued']);
	});

	test('passes progress on while a job runs, and drops it when the job ends', async () => {
		const manager = openManager();
		const [id] = add(manager, 'hang');
		await until(() => expect(manager.list()[0].progress?.fraction).toBe(0.5));
		await manager.remove(id);
		expect(manager.list()[0].progress).toBeNull();
	});

	test('knows the file that a running job adds its results to, and none once it has ended', async () => {
		const manager = openManager();
		const [id] = add(manager, 'hang');
		expect(manager.running(id).progressFile).toBeNull();
		await until(() => expect(manager.running(id).progressFile).toMatch(/progress\.jsonl$/));
		await manager.remove(id);
		expect(() => manager.running(id)).toThrow(`job ${id}: does not run now`);
	});

	test('refuses more jobs than may wait, and then takes none of them', () => {
		const manager = openManager();
		const many = Array.from({ length: 65 }, () => jobFor('hang'));
		expect(() => manager.add(many)).toThrow(
			'queue: 0 jobs wait and 65 more were asked for; at most 64 may wait'
		);
		expect(manager.list()).toEqual([]);
	});
});

describe('cancelling', () => {
	test('ends the process of a running job, removes its folder, and the next job runs', async () => {
		const manager = openManager();
		const [id] = add(manager, 'hang', 'done');
		await until(() => expect(runFolders()).toHaveLength(1));
		await manager.remove(id);
		expect(manager.list()[0]).toMatchObject({ state: 'cancelled', reason: null, run: null });
		const { pid } = starts()[0];
		expect(() => process.kill(pid, 0)).toThrow('ESRCH');
		await until(() => expect(states(manager)).toEqual(['cancelled', 'done']));
		expect(runFolders().some((name) => name.includes('hang'))).toBe(false);
	});

	test('works at the very start of a job, before its process exists', async () => {
		const manager = openManager();
		const [id] = add(manager, 'done');
		await manager.remove(id);
		expect(states(manager)).toEqual(['cancelled']);
		expect(runFolders()).toEqual([]);
	});

	test('takes a waiting job out of the queue, and an ended one off the list', async () => {
		const manager = openManager();
		const [, id] = add(manager, 'hang', 'done');
		await manager.remove(id);
		expect(states(manager)).toEqual(['running', 'cancelled']);
		await manager.remove(id);
		expect(states(manager)).toEqual(['running']);
		expect(readdirSync(join(home, 'jobs'))).not.toContain(id);
	});

	test('of a job that is not on the list is refused', async () => {
		await expect(openManager().remove('../../etc')).rejects.toThrow(
			'job ../../etc: not known; it may have been taken off the list'
		);
	});
});

describe('a worker that fails', () => {
	test.each([
		['crash', 'the worker ended with exit code 3 before it had finished'],
		['abort', 'the worker aborted (SIGABRT), most likely because it could not get enough memory'],
		['refuse', 'text a.txt: too short']
	])('%s: its job fails with a reason and the next runs', async (behaviour, reason) => {
		const manager = openManager();
		add(manager, behaviour, 'done');
		await until(() => expect(states(manager)).toEqual(['failed', 'done']));
		expect(manager.list()[0].reason).toContain(reason);
		expect(runFolders().some((name) => name.includes(behaviour))).toBe(false);
	});

	test('killed from outside: the reason speaks of memory', async () => {
		const manager = openManager();
		add(manager, 'hang');
		await until(() => expect(starts()).toHaveLength(1));
		process.kill(starts()[0].pid, 'SIGKILL');
		await until(() => expect(states(manager)).toEqual(['failed']));
		expect(manager.list()[0].reason).toContain(
			'the worker was killed (SIGKILL), most likely because the machine ran out of memory'
		);
	});

	test('that was never built: the reason says what to do', async () => {
		const manager = openManager();
		rmSync(join(home, 'worker.cjs'));
		add(manager, 'done');
		await until(() => expect(states(manager)).toEqual(['failed']));
		expect(manager.list()[0].reason).toBe(
			'the worker dist/worker.js is missing; build it: npm run build'
		);
	});
});

describe('a server that starts again', () => {
	test('marks the job that ran as interrupted and goes on with the queue, texts included', async () => {
		const first = openManager();
		first.add([jobFor('hang'), jobFor('done', 'Kept while the server was gone.')]);
		await until(() => expect(starts()).toHaveLength(1));
		// As kill -9 leaves it: jobs.json says that the job runs.
		const file = readFileSync(join(home, 'jobs.json'), 'utf8');
		expect(file).toContain('"state": "running"');

		const second = openManager();
		expect(second.list()[0]).toMatchObject({
			state: 'interrupted',
			reason: 'the server ended while this job was running; run it again'
		});
		await second.start();
		await until(() => expect(states(second)).toEqual(['interrupted', 'done']));
		const folder = join(home, 'runs', second.list()[1].run ?? '');
		expect(readFileSync(join(folder, 'texts.json'), 'utf8')).toBe(
			'[{"name":"a.txt","text":"Kept while the server was gone."}]'
		);
	});

	test('after an orderly stop, too; its processes are gone', async () => {
		const first = openManager();
		add(first, 'hang', 'hang');
		await until(() => expect(starts()).toHaveLength(1));
		first.stop();
		const { pid } = starts()[0];
		await until(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
		expect(states(openManager())).toEqual(['interrupted', 'queued']);
	});

	test('can run an interrupted job again, at the end of the queue, but not one that is done', async () => {
		const first = openManager();
		const [id] = add(first, 'done-1', 'done-2');
		first.stop();
		const second = openManager();
		expect(second.retry(id)).toMatchObject({ reason: null });
		expect(second.list().map(({ model }) => model)).toEqual(['done-2', 'done-1']);
		await until(() => expect(states(second)).toEqual(['done', 'done']));
		expect(() => second.retry(id)).toThrow(
			`job ${id}: is done; only a failed, cancelled or interrupted one can be run again`
		);
	});

	test.each([
		['cut off by a power failure', ''],
		['half written', '{"jobs":'],
		['of a newer version', '{"format":"spanwise/jobs","version":2,"jobs":[]}']
	])('keeps a copy of a list that is %s, and the texts of its jobs', async (_, text) => {
		const first = openManager();
		const [id] = add(first, 'hang');
		first.stop();
		const file = join(home, 'jobs.json');
		const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
		writeFileSync(file, text);
		age(join(home, 'jobs', id));
		const second = openManager();
		await second.start();
		expect(second.list()).toEqual([]);
		const [copy] = readdirSync(home).filter((name) => name.startsWith('jobs.json.unreadable-'));
		expect(readFileSync(join(home, copy), 'utf8')).toBe(text);
		expect(readdirSync(join(home, 'jobs', id))).toEqual(['0.txt']);
		expect(error).toHaveBeenCalledOnce();
		error.mockRestore();
	});

	test('keeps a job that it does not understand, its texts and its neighbours', async () => {
		const first = openManager();
		const [spoilt, whole] = add(first, 'hang', 'done-2');
		first.stop();
		const file = readJobsFile();
		Object.assign(file.jobs[0].job, { kind: 'distil', more: [1] });
		file.jobs.push({ job: { id: '../runs', model: 'x' } }, 7 as never);
		writeFileSync(join(home, 'jobs.json'), JSON.stringify(file));
		age(join(home, 'jobs', spoilt));
		const second = openManager();
		await second.start();
		await until(() => expect(states(second)).toEqual(['unknown', 'unknown', 'unknown', 'done']));
		expect(second.list()[0]).toMatchObject({ id: spoilt, model: 'hang' });
		expect(second.list()[0].reason).toMatch(
			/^not understood by this version .* job\.kind: found "distil"/
		);
		expect(second.list()[1].id).toMatch(/^unread-/);
		expect(readJobsFile().jobs[0].job).toMatchObject({ id: spoilt, kind: 'distil', more: [1] });
		expect(readJobsFile().jobs.slice(1, 3)).toEqual(file.jobs.slice(2));
		expect(readdirSync(join(home, 'jobs'))).toEqual([spoilt]);
		expect(() => second.retry(spoilt)).toThrow('not understood by this version');
		await second.remove(spoilt);
		await second.remove(second.list()[0].id);
		expect(readdirSync(join(home, 'jobs'))).toEqual([]);
		expect(second.list().map(({ id }) => id)).toEqual([expect.stringMatching(/^unread-/), whole]);
	});

	test('removes texts that no job has had for a week, and nothing else', async () => {
		for (const id of ['aa', 'bb']) mkdirSync(join(home, 'jobs', id), { recursive: true });
		writeFileSync(join(home, 'jobs', 'notes.txt'), 'mine');
		for (const name of ['aa', 'notes.txt']) age(join(home, 'jobs', name));
		const first = openManager();
		const [id] = add(first, 'hang');
		first.stop();
		age(join(home, 'jobs', id));
		await openManager().start();
		expect(readdirSync(join(home, 'jobs')).sort()).toEqual([id, 'bb', 'notes.txt'].sort());
	});

	test('queues nothing that cannot be saved', () => {
		const manager = openManager();
		mkdirSync(join(home, 'jobs.json.partial'));
		expect(() => add(manager, 'done-1')).toThrow('EISDIR');
		expect(manager.list()).toEqual([]);
		expect(readdirSync(join(home, 'jobs'))).toEqual([]);
	});
});

/** As if it had been there for eight days. */
function age(path: string): void {
	const then = Date.now() / 1000 - 8 * 24 * 60 * 60;
	utimesSync(path, then, then);
}

function readJobsFile() {
	return JSON.parse(readFileSync(join(home, 'jobs.json'), 'utf8')) as { jobs: { job: object }[] };
}

describe('a measurement', () => {
	function damageFor(behaviour: string): NewJob {
		const { request, ...rest } = jobFor(behaviour);
		const { modelFolder } = request;
		const { context, windows } = extentOf(request);
		return {
			...rest,
			run: 'tiny-run',
			request: {
				kind: 'damage',
				modelFolder,
				modelHash: 'ff',
				context,
				windows,
				maxSpan: 3,
				recall: true,
				recallTokens: 512,
				torch: null
			}
		};
	}
	function benchFor(behaviour: string, rounds: BenchSetting): NewJob {
		const { modelFolder } = jobFor(behaviour).request;
		const asked = { modelFolder, modelHash: 'ff', plan: madeUpPlan(), ...rounds };
		return {
			...jobFor(behaviour),
			documents: [],
			run: 'tiny-run',
			request: { kind: 'bench', ...asked, repairOf: 'a-search', dtype: 'fp16', recall: true }
		};
	}
	const resultFolders = () => readdirSync(join(home, 'results'));

	test('makes a result, keeps the run it was asked from, and what it used', async () => {
		const manager = openManager();
		manager.add([damageFor('done')]);
		expect(manager.list()[0]).toMatchObject({ kind: 'damage', run: 'tiny-run', result: null });
		await until(() => expect(states(manager)).toEqual(['done']));
		const [job] = manager.list();
		expect(job.run).toBe('tiny-run');
		expect(job.telemetry).toMatchObject({ tokens: 4, samples: [{ stage: 'layers' }] });
		expect(resultFolders()).toContain(job.result);
		const task: unknown = JSON.parse(
			readFileSync(join(home, 'results', job.result ?? '', 'task.json'), 'utf8')
		);
		expect(task).toMatchObject({
			id: job.result,
			request: {
				...{ kind: 'damage', modelHash: 'ff', home, documents: [{ name: 'a.txt' }] },
				settings: { maxSpan: 3 }
			}
		});
		expect(runFolders()).toEqual([]);
	});

	test('of deployment is asked for with a plan and no texts', async () => {
		const manager = openManager();
		const rounds = { prompt: 12, generate: 4, batch: 1, repeats: 3 };
		manager.add([benchFor('done', rounds)]);
		await until(() => expect(states(manager)).toEqual(['done']));
		const [job] = manager.list();
		expect(job).toMatchObject({
			...{ kind: 'bench', name: 'bench', texts: [], context: 12, windows: 3 },
			extent: '3 rounds per model, 12 tokens of prompt'
		});
		const file = join(home, 'results', job.result ?? '', 'task.json');
		const task: unknown = JSON.parse(readFileSync(file, 'utf8'));
		expect(task).toMatchObject({
			request: {
				...{ kind: 'bench', modelHash: 'ff', home },
				settings: { ...rounds, dtype: 'fp16' },
				// Refitted weights lie beside the result of the search that made them.
				planFolder: join(home, 'results', 'a-search')
			}
		});
	});

	test('that is cancelled leaves no result; its telemetry so far stays until it is run again', async () => {
		const manager = openManager();
		const [{ id }] = manager.add([damageFor('hang')]);
		await until(() => expect(manager.list()[0].telemetry?.samples).toHaveLength(1));
		await manager.remove(id);
		expect(manager.list()[0]).toMatchObject({ state: 'cancelled', run: 'tiny-run', result: null });
		expect(manager.list()[0].telemetry?.tokens).toBe(4);
		expect(resultFolders()).toEqual([]);
		expect(manager.retry(id).telemetry).toBeNull();
	});

	test('is taken up again by the next server, with all that was asked', async () => {
		const first = openManager();
		const rounds = { prompt: 12, generate: 4, batch: 1, repeats: 3 };
		first.add([jobFor('hang'), damageFor('done'), benchFor('done', rounds)]);
		first.stop();
		const second = openManager();
		await second.start();
		await until(() => expect(states(second)).toEqual(['interrupted', 'done', 'done']));
		expect(second.list()[1]).toMatchObject({ kind: 'damage', run: 'tiny-run' });
		expect(second.list()[2]).toMatchObject({ kind: 'bench', run: 'tiny-run', context: 12 });
	});
});

test('jobs that version 0.1 left are read as analyses', () => {
	const manager = openManager();
	add(manager, 'hang');
	manager.stop();
	const path = join(home, 'jobs.json');
	const file = JSON.parse(readFileSync(path, 'utf8')) as {
		jobs: { job: Record<string, unknown>; request: Record<string, unknown> }[];
	};
	for (const each of file.jobs) {
		const { kind, result, telemetry, ...job } = each.job;
		expect([kind, result, telemetry]).toEqual(['analyze', null, null]);
		const { kind: asked, ...request } = each.request;
		expect(asked).toBe(kind);
		Object.assign(each, { job, request });
	}
	writeFileSync(path, JSON.stringify(file));
	expect(openManager().list()[0]).toMatchObject({
		kind: 'analyze',
		state: 'interrupted',
		result: null,
		telemetry: null
	});
});
