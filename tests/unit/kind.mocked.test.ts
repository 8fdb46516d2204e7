import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseUntrusted } from '../../analysis/edge/parse.ts';
import { listResults, readResult } from '../../analysis/measure/results/folder.ts';
import type { Task, TaskProgress } from '../../analysis/measure/messages.ts';
import { openModel } from '../../analysis/model/open.ts';
import { runFolder } from '../../analysis/workspace/run/list.ts';
import { writeRun } from '../../analysis/workspace/run/write.ts';
import { work } from '../../cli/work.ts';
import { JobManager } from '../../src/lib/server/jobs/manager.ts';
import { JobStore } from '../../src/lib/server/jobs/store.ts';
import { measurementJob } from '../../src/lib/server/measurements.ts';
import { ModelFolders } from '../../src/lib/server/modelFolders.ts';
import { ModelCatalogue } from '../../src/lib/server/models.ts';
import { newMeasurementSchema } from '../../src/lib/server/newMeasurementSchema.ts';
import { ResultCatalogue } from '../../src/lib/server/results.ts';
import { RunCatalogue } from '../../src/lib/server/runs.ts';
import { settingsFrom } from '../../src/lib/server/settings.ts';
import { writeTinyCheckpoint } from '../builders/checkpoint.ts';
import { runCommand } from '../builders/command.ts';
import { readerHere } from '../builders/readerHere.ts';
import { madeUpRun } from '../builders/run.ts';

// All that a new kind touches: its own object, and the list.
vi.mock('../../analysis/measure/kinds.ts', async (original) => {
	const { KINDS, MEASUREMENTS, ...rest } =
		await original<typeof import('../../analysis/measure/kinds.ts')>();
	const { tally } = await import('../builders/tallyKind.ts');
	return { ...rest, KINDS: [...KINDS, tally], MEASUREMENTS: [...MEASUREMENTS, tally] };
});
// The task is done in this process, where the list has the kind.
vi.mock('../../src/lib/server/jobs/child.ts', () => ({
	startTask: (_: string, task: Task, report: (progress: TaskProgress) => void) => ({
		result: work(task, report),
		kill: () => undefined
	})
}));

const TEXT = { name: 'a.txt', text: 'ten chars.' };
let home: string;
let model: string;
const { record, sums, windows } = madeUpRun();

beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-kind-'));
	model = join(home, 'model');
	await writeTinyCheckpoint(model);
	const opened = await openModel(model);
	const of = { ...record.model, folder: model, hash: await opened.hash(home) };
	await opened.close();
	await writeRun(runFolder(home, record.id), { ...record, model: of }, sums, windows);
	await writeFile(join(home, 'a.txt'), TEXT.text);
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe('a kind that only its own object and the list know', () => {
	it('is asked for by a request, queued, measured and stored', async () => {
		const body = { kind: 'tally', run: record.id, texts: [TEXT], times: 4 };
		const asked = parseUntrusted(newMeasurementSchema, body, 'request');
		const means = {
			settings: settingsFrom({ SPANWISE_HOME: home }),
			reader: readerHere,
			models: new ModelCatalogue(join(home, 'none'), new ModelFolders(home, []), readerHere, {
				python: 'python3',
				found: Promise.resolve(false)
			}),
			runs: new RunCatalogue(home, readerHere),
			results: new ResultCatalogue(home)
		};
		const job = await measurementJob(asked, means);
		expect(job.estimate).toMatchObject({ context: 8, windows: 2, tokens: 16 });
		expect(job.command).toMatch(/^spanwise tally .* --context 8 --windows 2 --times 4$/);

		const open = () =>
			new JobManager({
				store: new JobStore(home),
				workerFile: 'none',
				concurrency: 1,
				home,
				readOnly: false,
				problem: () => null,
				memoryLimitBytes: null
			});
		const manager = open();
		manager.add([job]);
		expect(manager.list()[0]).toMatchObject({
			kind: 'tally',
			name: 'tally',
			extent: '2 × 8 tokens of a.txt'
		});
		await vi.waitFor(() => expect(manager.list()[0].state).toBe('done'), { timeout: 10_000 });
		expect(open().list()[0]).toMatchObject({ kind: 'tally', state: 'done' });

		const stored = await readResult(home, manager.list()[0].result ?? '');
		expect(stored.result).toMatchObject({ kind: 'tally', tally: { characters: 40 } });
		expect(await means.results.list(null)).toMatchObject([
			{ kind: 'tally', words: '40 characters', texts: ['a.txt'], context: 8, windows: 2 }
		]);
	});
	it('is a subcommand whose options are its settings, and keeps the command that says them again', async () => {
		const text = join(home, 'a.txt');
		const ran = await runCommand(['tally', model, '--text', text, '--times', '7', '--home', home]);
		expect(ran).toMatchObject({ code: 0, stdout: '70 characters\n' });
		const [newest] = await listResults(home);
		const { command } = await readResult(home, newest.id);
		expect(command).toBe(
			`spanwise tally ${model} --text ${text} --context 8 --windows 2 --times 7`
		);
		const refused = await runCommand(['tally', model, '--times', '0']);
		expect(refused.code).toBe(2);
		expect(refused.stderr).toContain('expected a whole number of at least 1');
	});
	it('is refused by a request whose settings are none of its own', () => {
		const body = { kind: 'tally', run: 'r', texts: [TEXT], maxSpan: 2 };
		expect(() => parseUntrusted(newMeasurementSchema, body, 'request')).toThrow(
			'request: maxSpan: not known here'
		);
	});
});
