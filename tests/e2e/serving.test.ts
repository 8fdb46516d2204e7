import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startBuilt, type BuiltServer } from '../builders/builtServer.ts';
import { currentBuild } from '../../scripts/builds.js';
import { get, jobsOf, runsOf, untilJob } from './setup/api.ts';
import { temporaryFolder, writeMadeUpRun } from './setup/workspace.ts';

let home: Awaited<ReturnType<typeof temporaryFolder>>;
let servers: BuiltServer[];

beforeEach(async () => {
	home = await temporaryFolder();
	servers = [];
});

afterEach(async () => {
	for (const server of servers) await server.end('SIGKILL');
	await home.remove();
});

async function start(args: string[], env: NodeJS.ProcessEnv = {}): Promise<BuiltServer> {
	const server = await startBuilt(args, { SPANWISE_HOME: home.path, ...env });
	servers.push(server);
	return server;
}

const serve = (...args: string[]) => start(['dist/spanwise.js', 'serve', '--port', '0', ...args]);

test('an empty workspace fills by itself: both bundled models, at the same places of the text', async () => {
	const { url } = await serve();
	const jobs = await jobsOf(url);
	expect(jobs.map(({ model }) => model)).toEqual(['mini-llama2', 'mini-llama3']);
	for (const { id } of jobs) await untilJob(url, id, ({ state }) => state === 'done');
	const { runs, unusable } = await runsOf(url);
	expect(unusable).toEqual([]);
	expect(runs.map(({ model }) => model.name)).toEqual(['mini-llama3', 'mini-llama2']);
	const [starts3, starts2] = runs.map(({ windows }) => windows.map(({ start }) => start));
	expect(starts3).toEqual(starts2);

	const [{ id, command }] = runs;
	const maps = await fetch(`${url}/api/runs/${id}/attention?window=1&layers=3,4`);
	expect(maps.headers.get('x-shape')).toBe('2,6,256,256');
	const attention = new Float32Array(await maps.arrayBuffer()); // [2, 6, 256, 256]
	expect(attention.length).toBe(2 * 6 * 256 * 256);
	const lastRow = attention.subarray(255 * 256, 256 * 256);
	expect(lastRow.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
	expect(attention[1]).toBe(0);

	const csv = await get(`${url}/api/runs/${id}/matrix.csv?metric=js&view=no-sink`, {});
	const lines = csv.body.split('\n');
	expect(lines.slice(0, 2)).toEqual(['# metric: js', '# view: no-sink']);
	expect(lines.filter((line) => !/^# [a-z]+: |^\d/i.test(line))).toEqual([
		'layer,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15',
		''
	]);
	expect(lines).toContain(`# command: ${command}`);
	const asked = ['similarity', id, '--metric', 'js', '--view', 'no-sink', '--format', 'csv'];
	const printed = spawnSync(process.execPath, ['dist/spanwise.js', ...asked], {
		env: { ...process.env, SPANWISE_HOME: home.path },
		encoding: 'utf8'
	});
	expect(printed.stdout).toBe(csv.body);

	expect((await fetch(`${url}/api/runs/${id}`, { method: 'DELETE' })).status).toBe(204);
	expect((await fetch(`${url}/api/runs/${id}`)).status).toBe(404);
});

test('a stopped server ends at once, event streams and workers included, and the job can be run again', async () => {
	const { url, end } = await serve();
	const [{ id }, waiting] = await jobsOf(url);
	await untilJob(url, id, ({ progress }) => progress !== null);
	const events = await fetch(`${url}/api/events`);
	const asked = performance.now();
	expect(await end('SIGTERM')).toBe(0);
	expect(performance.now() - asked).toBeLessThan(5000);
	expect(await events.text()).toMatch(/^event: jobs\n/);
	expect(readFileSync(join(home.path, 'jobs.json'), 'utf8')).toContain('"interrupted"');

	const again = (await serve()).url;
	await untilJob(again, id, ({ state }) => state === 'interrupted');
	const retried = await fetch(`${again}/api/jobs/${id}/retry`, { method: 'POST' });
	expect(retried.status).toBe(200);
	for (const job of [waiting.id, id]) await untilJob(again, job, ({ state }) => state === 'done');
});

describe('a server that has no need to start anything', () => {
	beforeEach(() => writeMadeUpRun(home.path));

	test.each([
		['spanwise serve', ['dist/spanwise.js', 'serve', '--port', '0'], {}],
		['node build', ['build'], { PORT: '0' }]
	])('%s listens on this machine only and says what browsers may do', async (_, args, env) => {
		const { url } = await start(args, env);
		expect(new URL(url).hostname).toBe('127.0.0.1');
		const { headers } = await fetch(`${url}/api/models`);
		expect(headers.get('x-content-type-options')).toBe('nosniff');
		expect(headers.get('referrer-policy')).toBe('no-referrer');
		const page = await fetch(url);
		expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
		expect((await get(`${url}/api/models`, { origin: url })).status).toBe(200);
		expect((await get(`${url}/api/models`, { origin: 'http://localhost:1' })).status).toBe(403);
		expect((await get(`${url}/api/models`, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
	});

	test('a second server of the workspace, and one whose workspace is a file, say so and end', async () => {
		await serve();
		await expect(serve()).rejects.toThrow(
			/ended with 2: error: workspace .*: used by another Spanwise server/
		);
		await expect(serve('--home', 'package.json')).rejects.toThrow(
			/ended with 2: error: workspace .*package\.json: is no folder; name another with --home\n$/
		);
	});

	test('bounds what is sent, and says the bound', async () => {
		const { url } = await start(['build'], { PORT: '0' });
		const estimate = async (change: object) => {
			const analysis = {
				models: ['mini-llama2'],
				texts: [{ sample: 'walden' }],
				context: 64,
				windows: 2
			};
			const answer = await fetch(`${url}/api/estimate`, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify({ ...analysis, ...change })
			});
			return `${answer.status} ${await answer.text()}`;
		};
		const text = (words: number) => ({ texts: [{ name: 'a.txt', text: 'word '.repeat(words) }] });
		expect(await estimate(text(300_000))).toMatch(/^200 .*"refusal":null/);
		expect(await estimate(text(3_300_000))).toBe(
			'400 {"message":"texts: 16.5 MB; at most 16 MB together"}'
		);
		expect(await estimate(text(8_000_000))).toMatch(/^413 .*at most 16 MB can be sent/);
		expect(await estimate(text(0))).toBe(
			'400 {"message":"text a.txt: empty; expected some words"}'
		);
		expect(await estimate({ context: 5000 })).toMatch(/^200 .*"estimate":null,"refusal":"/);
		expect(await estimate({ models: ['models/mini-llama2'] })).toBe(
			'404 {"message":"model models/mini-llama2: not known; reload the list of models"}'
		);
	});

	test('for others asks for a token, and takes it from the address once', async () => {
		const printed = new URL((await serve('--host', '0.0.0.0')).url);
		const token = printed.searchParams.get('token') ?? '';
		const local = `http://127.0.0.1:${printed.port}/api/models`;
		expect(token).toMatch(/^[\w-]{32}$/);
		expect(await get(local, {})).toMatchObject({ status: 401 });
		expect((await fetch(`${local}?token=${token.slice(1)}x`)).status).toBe(401);
		const first = await fetch(`${local}?token=${token}`, { redirect: 'manual' });
		expect(first.status).toBe(303);
		expect(first.headers.get('location')).toBe('/api/models');
		const cookie = first.headers.get('set-cookie') ?? '';
		expect(cookie).toMatch(/HttpOnly.*SameSite=Strict/);
		expect((await get(local, { cookie: cookie.split(';')[0] })).status).toBe(200);
	});

	test('node build told to listen for others without a token answers no one', async () => {
		const { url } = await start(['build'], { PORT: '0', HOST: '0.0.0.0' });
		const answer = await get(url.replace('0.0.0.0', '127.0.0.1') + '/api/models', {});
		expect(answer).toMatchObject({ status: 403 });
		expect(answer.body).toContain('set SPANWISE_TOKEN');
	});
});

test('no endpoint or page loads onnxruntime: nothing that it imports names it', () => {
	const built = join('dist', currentBuild('.') ?? '', 'pages', 'server');
	const scripts = readdirSync(built, { recursive: true, encoding: 'utf8' })
		.filter((path) => path.endsWith('.js'))
		.map((path) => ({ path, text: readFileSync(join(built, path), 'utf8') }));
	const loading = scripts.filter(({ text }) => text.includes('onnxruntime-node'));
	// What is imported as a function, when a model is run, is not loaded; workers do that.
	for (const { path } of loading) {
		const name = new RegExp(`from *['"][^'"]*${basename(path).replaceAll('.', '\\.')}['"]`);
		const more = scripts.filter((script) => !loading.includes(script) && name.test(script.text));
		loading.push(...more);
	}
	const served = scripts.filter(({ path }) => /entries|nodes|handler|manifest/.test(path));
	expect(served.length).toBeGreaterThan(10);
	expect(served.filter((script) => loading.includes(script))).toEqual([]);
});
