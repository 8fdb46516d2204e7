import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ResultSummary, StoredResult } from '../../analysis/measure/results/types.ts';
import type { Job, NewMeasurementOf } from '../../src/lib/client/api.ts';
import { planFor } from '../builders/deployed.ts';
import { seedWorkspace } from '../builders/seed.ts';
import { untilJob } from './setup/api.ts';
import { childrenOf } from './setup/processes.ts';
import { startBuild, type RunningServer } from './setup/server.ts';
import { until } from './setup/until.ts';
import { temporaryFolder } from './setup/workspace.ts';

const TIMEOUT_MS = 300_000;
const LAYERS = 16;
/** The cost of the plan comes first: of one short window it is soon there. */
const SHORT = {
	...{ prompt: 16, generate: 4, batch: 1, repeats: 2, recall: false },
	texts: [{ name: 'short.txt', text: 'the cat sat on the mat. '.repeat(20) }]
};
/** Runs for long enough to be caught in the middle. */
const LONG = { ...SHORT, repeats: 1000 };

type NewBench = NewMeasurementOf<'bench'>;

let home: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;
let run: string;
beforeAll(async () => {
	home = await temporaryFolder();
	const [seeded] = await seedWorkspace(home.path, ['mini-llama2'], []);
	run = seeded.run;
	server = await startBuild(home.path);
}, TIMEOUT_MS);
afterAll(async () => {
	await server.stop();
	await home.remove();
});

async function post(change: Partial<NewBench>): Promise<Response> {
	const sources = Array.from({ length: LAYERS }, (_, layer) => (layer === 5 ? 4 : layer));
	const plan = await planFor('models/mini-llama2', sources);
	const asked: NewBench = { kind: 'bench', run, plan, dtype: 'fp32', ...SHORT, ...change };
	return fetch(`${server.url}/api/measurements`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(asked)
	});
}

async function measure(change: Partial<NewBench> = {}): Promise<Job> {
	const response = await post(change);
	expect(response.status).toBe(201);
	return (await response.json()) as Job;
}

const json = async (path: string): Promise<unknown> => (await fetch(`${server.url}${path}`)).json();
const results = () => readdir(join(home.path, 'results')).catch(() => []);
const untilMeasuring = (id: string) =>
	untilJob(
		server.url,
		id,
		({ progress }) => progress?.stage === 'measuring' && progress.window > 0
	);
const areGone = (pids: readonly number[]) => () => {
	const left = pids.filter((pid) => {
		try {
			return process.kill(pid, 0);
		} catch {
			return false;
		}
	});
	return left.length === 0 ? true : undefined;
};

describe('a bench as a job', { timeout: TIMEOUT_MS }, () => {
	it('ends with its result, listed, served, and with the command that makes it again', async () => {
		const queued = await measure();
		expect(queued).toMatchObject({
			kind: 'bench',
			run,
			texts: ['short.txt'],
			context: 16,
			windows: 2
		});
		const job = await untilJob(
			server.url,
			queued.id,
			({ state }) => state !== 'queued' && state !== 'running'
		);
		expect(job).toMatchObject({ state: 'done', reason: null });
		const stored = (await json(`/api/results/${job.result ?? ''}`)) as StoredResult;
		expect(stored).toMatchObject({
			model: { name: 'mini-llama2' },
			texts: [{ name: 'short.txt' }],
			command: expect.stringMatching(
				/^spanwise bench \S*mini-llama2 --text \S+\/short\.txt --plan mini-llama2_plan\.json --prompt 16 --generate 4 --batch 1 --repeats 2 --dtype fp32 --recall off$/
			) as unknown,
			result: {
				kind: 'bench',
				// A follower of 16 has no keys: one part of 32.
				bench: {
					followers: 1,
					ratio: { cacheBytesPerToken: 31 / 32 },
					cost: { text: { windows: 1 } },
					warning: expect.stringContaining('different weights') as unknown,
					notes: [
						expect.stringMatching(
							/^Text too short: 1 window of \d+ tokens instead of 8 × 512/
						) as unknown,
						expect.stringContaining('recall was not measured') as unknown
					]
				}
			}
		});
		const stages = stored.telemetry?.stages.map(({ stage }) => stage);
		expect(stages).toContain('measuring');
		const listed = (await json(`/api/results?model=${stored.model.hash}`)) as ResultSummary[];
		const benches = listed.filter(({ kind }) => kind === 'bench');
		expect(benches).toMatchObject([
			{ id: job.result, bench: { cache: 31 / 32, cost: { text: {} } } }
		]);
		expect(await results()).toContain(job.result);
	});

	it('leaves nothing where it is cancelled, neither files nor processes', async () => {
		const before = await results();
		const { id } = await measure(LONG);
		await untilMeasuring(id);
		const sides = server.workers().flatMap(childrenOf);
		expect(sides).toHaveLength(2);
		expect(await results()).toHaveLength(before.length + 1);
		await fetch(`${server.url}/api/jobs/${id}`, { method: 'DELETE' });
		await untilJob(server.url, id, ({ state }) => state === 'cancelled');
		expect(await results()).toEqual(before);
		await until('the sides to end', areGone(sides));
	});

	it('is refused at once where it cannot be done', async () => {
		for (const [change, message] of [
			[{ prompt: 5000 }, 'prompt and generate: 5000 + 4 tokens'],
			[{ batch: 64, prompt: 512 }, 'memory: two processes that hold mini-llama2'],
			[{ plan: {} }, 'plan: not a plan']
		] as const) {
			const response = await post(change);
			expect(response.status).toBe(400);
			expect(await response.text()).toContain(message);
		}
	});

	it('leaves nothing where the server is killed', async () => {
		const before = await results();
		const { id } = await measure(LONG);
		await untilMeasuring(id);
		const sides = server.workers().flatMap(childrenOf);
		await server.kill();
		await until('the sides to end', areGone(sides));
		server = await startBuild(home.path);
		await untilJob(server.url, id, ({ state }) => state === 'interrupted');
		expect(await results()).toEqual(before);
	});
});
