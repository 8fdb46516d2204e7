import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
	get,
	jobsOf,
	LONG_ANALYSIS,
	queue,
	runsOf,
	SHORT_ANALYSIS,
	untilJob
} from './setup/api.ts';
import { startBuild, startServe, type RunningServer } from './setup/server.ts';
import { MADE_UP, temporaryFolder, writeMadeUpRun } from './setup/workspace.ts';

let home: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;
beforeEach(async () => {
	home = await temporaryFolder();
	await writeMadeUpRun(home.path);
	server = await startBuild(home.path);
});
afterEach(async () => {
	await server.stop();
	await home.remove();
});

/** Queues a long job and waits until its windows run. */
async function longJob(): Promise<string> {
	const [job] = await queue(server.url, LONG_ANALYSIS);
	await untilJob(server.url, job.id, ({ progress }) => progress?.stage === 'windows');
	return job.id;
}

describe('a worker', () => {
	it('that is killed fails its job with a reason, leaves no run, and the queue goes on', async () => {
		const killed = await longJob();
		const [next] = await queue(server.url, SHORT_ANALYSIS);
		const [worker, ...others] = server.workers();
		expect(others).toEqual([]);
		process.kill(worker, 'SIGKILL');

		const failed = await untilJob(server.url, killed, ({ state }) => state === 'failed');
		expect(failed.reason).toMatch(/^the worker was killed \(SIGKILL\), most likely because/);
		const done = await untilJob(server.url, next.id, ({ state }) => state === 'done');
		const ids = (await runsOf(server.url)).runs.map(({ id }) => id);
		expect(ids).toEqual([done.run, MADE_UP.id]);
		expect(await readdir(join(home.path, 'runs'))).toHaveLength(2);
	});
	it('ends when its job is cancelled, and leaves no run', async () => {
		const id = await longJob();
		const answer = await fetch(`${server.url}/api/jobs/${id}`, { method: 'DELETE' });
		expect(answer.status).toBe(204);
		expect((await jobsOf(server.url)).map(({ state }) => state)).toEqual(['cancelled']);
		await expect.poll(() => server.workers()).toEqual([]);
		expect(await readdir(join(home.path, 'runs'))).toEqual([MADE_UP.id]);
	});
});

describe('a server', () => {
	it('killed in mid-run starts again with that job interrupted and the queue intact', async () => {
		const running = await longJob();
		const [waiting] = await queue(server.url, SHORT_ANALYSIS);
		await server.kill();

		server = await startBuild(home.path);
		const interrupted = await untilJob(server.url, running, () => true);
		expect(interrupted.state).toBe('interrupted');
		expect(interrupted.reason).toBe('the server ended while this job was running; run it again');
		await untilJob(server.url, waiting.id, ({ state }) => state === 'done');
		expect((await runsOf(server.url)).unusable).toEqual([]);
		expect(await readdir(join(home.path, 'runs'))).toHaveLength(2);
	});
	it('refuses a foreign Host and a foreign Origin', async () => {
		const path = `${server.url}/api/runs`;
		expect(await get(path, {})).toMatchObject({ status: 200 });
		for (const [name, value] of [
			['host', 'evil.example'],
			['origin', 'http://evil.example']
		]) {
			const { status, body } = await get(path, { [name]: value });
			expect(status).toBe(403);
			expect(body).toContain('evil.example');
			expect(body).not.toContain(MADE_UP.id);
		}
	});
	it('knows runs by their listed id and never by a path', async () => {
		for (const id of [`..%2fruns%2f${MADE_UP.id}`, `%2e%2f${MADE_UP.id}`, '%2fetc%2fpasswd']) {
			expect((await get(`${server.url}/api/runs/${id}`, {})).status).toBe(404);
		}
	});
	it('on a taken port says so and ends with 2', async () => {
		const { port } = new URL(server.url);
		await expect(startServe(home.path, port)).rejects.toThrow(
			`the server ended (2): error: port ${port}: taken by another program; choose another with --port`
		);
	});
});
