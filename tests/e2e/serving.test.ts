import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	statSync,
	symlinkSync,
	writeFileSync
} from 'node:fs';
import { connect } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startBuilt, type BuiltServer } from '../builders/builtServer.ts';
import { currentBuild } from '../../scripts/builds.js';
import { writeResult } from '../../analysis/measure/results/folder.ts';
import { madeUpSearch } from '../builders/results.ts';
import { get, jobsOf, queue, runsOf, SHORT_ANALYSIS, untilJob } from './setup/api.ts';
import { until } from './setup/until.ts';
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

const run = (...args: string[]) => start(['dist/spanwise.js', 'serve', '--port', '0', ...args]);
const serve = (...args: string[]) => run('--no-token', ...args);

test('a stopped server ends at once, event streams and workers included, and the job can be run again', async () => {
	await writeMadeUpRun(home.path);
	const { url, end } = await serve();
	// Long enough to be stopped in the middle, short enough to be run to its end after that.
	const [{ id }] = await queue(url, { ...SHORT_ANALYSIS, context: 128, windows: 32 });
	const [waiting] = await queue(url, SHORT_ANALYSIS);
	await untilJob(url, id, ({ progress }) => progress !== null);
	const events = await fetch(`${url}/api/events`);
	expect(await end('SIGTERM')).toBe(0);
	expect(await events.text()).toMatch(/^event: jobs\n/);
	// It did not wait for the job.
	expect(readFileSync(join(home.path, 'jobs.json'), 'utf8')).toContain('"interrupted"');

	const again = (await serve()).url;
	await untilJob(again, id, ({ state }) => state === 'interrupted');
	const retried = await fetch(`${again}/api/jobs/${id}/retry`, { method: 'POST' });
	expect(retried.status).toBe(200);
	for (const job of [waiting.id, id]) await untilJob(again, job, ({ state }) => state === 'done');
});

describe('a server that has no need to start anything', () => {
	beforeEach(() => writeMadeUpRun(home.path));

	test('listens on this machine only and says what browsers may do', async () => {
		const { url } = await serve();
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
			/ended with 2: error: workspace .*package\.json: is not a directory; name another with --home\n$/
		);
	});

	test('bounds what is sent, and says the bound', async () => {
		const { url } = await serve();
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
		/** Repeats the request until the refusal arrives: a client still sending may not see the answer. */
		const refusalOf = (change: object): Promise<string> =>
			estimate(change).catch((error: unknown) => {
				if (error instanceof TypeError) return refusalOf(change);
				throw error;
			});
		const text = (words: number) => ({ texts: [{ name: 'a.txt', text: 'word '.repeat(words) }] });
		expect(await estimate(text(300_000))).toMatch(/^200 .*"refusal":null/);
		expect(await estimate(text(3_300_000))).toBe(
			'400 {"message":"texts: 16.5 MB; at most 16 MB together"}'
		);
		expect(await refusalOf(text(8_000_000))).toMatch(/^413 .*at most 16 MB can be sent/);
		expect(await estimate(text(0))).toBe(
			'400 {"message":"text a.txt: empty; expected some words"}'
		);
		expect(await estimate({ context: 5000 })).toMatch(/^200 .*"estimate":null,"refusal":"/);
		expect(await estimate({ models: ['models/mini-llama2'] })).toBe(
			'404 {"message":"model models/mini-llama2: not known; reload the list of models"}'
		);
	});

	test.each([
		['its own machine', []],
		['others', ['--host', '0.0.0.0']]
	])(
		'for %s asks for a token, and takes it from the address once or from a header',
		async (_, args) => {
			const printed = new URL((await run(...args)).url);
			const token = printed.searchParams.get('token') ?? '';
			const local = `http://127.0.0.1:${printed.port}/api/models`;
			expect(token).toMatch(/^[\w-]{32}$/);
			expect(await get(local, {})).toMatchObject({ status: 401 });
			expect((await fetch(`${local}?token=${token.slice(1)}x`)).status).toBe(401);
			const first = await fetch(`${local}?token=${token}`, { redirect: 'manual' });
			expect(first.status).toBe(303);
			expect(first.headers.get('location')).toBe('/api/models');
			const cookie = first.headers.get('set-cookie') ?? '';
			expect(cookie).toMatch(
				new RegExp(`^spanwise-token-${printed.port}=.*HttpOnly.*SameSite=Strict`)
			);
			expect((await get(local, { cookie: cookie.split(';')[0] })).status).toBe(200);
			expect((await get(local, { authorization: `Bearer ${token}` })).status).toBe(200);
		}
	);

	test('without a token only where nobody else can reach it', async () => {
		await expect(serve('--host', '0.0.0.0')).rejects.toThrow(
			/ended with 2: error: --no-token: with/
		);
	});

	test('does not say its token where other users can read it, and opens by way of a file of its own', async () => {
		const bin = join(home.path, 'bin');
		mkdirSync(bin);
		const opened = join(home.path, 'opened');
		writeFileSync(join(bin, 'xdg-open'), `#!/bin/sh\necho "$1" > ${opened}\n`, { mode: 0o755 });
		const env = { PATH: `${bin}:${process.env.PATH ?? ''}` };
		const { url, end } = await start(['dist/spanwise.js', 'serve', '--port', '0', '--open'], env);
		const file = await until('the opened file', () =>
			existsSync(opened) && readFileSync(opened, 'utf8').endsWith('\n')
				? readFileSync(opened, 'utf8').trim()
				: undefined
		);
		expect(file).toMatch(/spanwise\.html$/);
		expect(statSync(file).mode & 0o777).toBe(0o600);
		expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
		expect(readFileSync(file, 'utf8')).toContain(`url=${url}`);
		await end('SIGTERM');
		expect(existsSync(file)).toBe(false);
	});

	test('every answer, files of the pages too, is for those who call it by its name', async () => {
		const { url } = await serve();
		const page = await (await fetch(url)).text();
		const file = /_app\/[^"]+\.js/.exec(page)?.[0] ?? '';
		for (const path of ['/', `/${file}`, '/api/runs', '/samples/walden.txt']) {
			expect((await get(`${url}${path}`, {})).status).toBe(200);
			expect(await get(`${url}${path}`, { host: 'evil.example' })).toMatchObject({
				status: 403,
				body: expect.stringContaining('This server is not called evil.example') as string
			});
		}
	});
});

/** Requests that are no use to anyone. */
const HOSTILE: [string, string, RequestInit, number | number[]][] = [
	['a byte that is no text in the address', '/api/runs/%ff', {}, 400],
	['a zero in the address', '/api/runs/%00', {}, 404],
	['a path as an id', '/api/results/..%2f..%2fetc%2fpasswd', {}, 404],
	['a long id', `/api/runs/${'x'.repeat(8000)}`, {}, 404],
	['a long query', `/api/compare?runs=${'a,'.repeat(4000)}`, {}, 400],
	['many parameters', `/api/results?${'a=1&'.repeat(3000)}`, {}, 200],
	['many cookies', '/api/runs', { headers: { cookie: 'a=b; '.repeat(2500) } }, 200],
	['too many headers', '/api/runs', { headers: { cookie: 'a=b; '.repeat(25_000) } }, 431],
	['another method', '/api/jobs', { method: 'PUT', body: '{}' }, [404, 405]],
	['no JSON', '/api/jobs', { method: 'POST', body: 'x' }, 400],
	[
		'a million empty texts',
		'/api/estimate',
		{ method: 'POST', body: `{"texts":[${'[],'.repeat(2.7e6)}[]]}` },
		413
	],
	['deep nesting', '/api/measurements', { method: 'POST', body: '['.repeat(8e6) }, 400],
	[
		'a deep plan',
		'/api/models/mini-llama2',
		{ method: 'POST', body: `{"plan":${'['.repeat(9e5)}` },
		400
	],
	[
		'a large plan',
		'/api/models/mini-llama2',
		{ method: 'POST', body: JSON.stringify({ plan: 'x'.repeat(2e6) }) },
		413
	]
];

describe('a server that is sent what is no use', () => {
	test('answers each in a few words, soon, without a fault, and others meanwhile', async () => {
		await writeMadeUpRun(home.path);
		const { url, said } = await serve();
		await fetch(`${url}/api/models`);
		for (const [what, path, init, expected] of HOSTILE) {
			const others = fetch(`${url}/api/runs`).then(() => performance.now());
			const start = performance.now();
			const answer = await fetch(url + path, {
				...init,
				headers: { 'content-type': 'application/json', ...(init.headers as Record<string, string>) }
			});
			const text = await answer.text();
			expect([expected].flat(), what).toContain(answer.status);
			if (answer.status >= 400) expect(text.length, what).toBeLessThan(1200);
			expect((await others) - start, what).toBeLessThan(3000);
		}
		expect(said()).toBe('');
	});

	test('is not held up by senders that are slow', async () => {
		await writeMadeUpRun(home.path);
		const { url } = await serve();
		const { hostname, port } = new URL(url);
		const slow = Array.from({ length: 20 }, () => {
			const socket = connect(Number(port), hostname);
			socket.on('error', () => undefined);
			socket.write(
				`POST /api/estimate HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`
			);
			return socket;
		});
		expect((await fetch(`${url}/api/runs`)).status).toBe(200);
		for (const socket of slow) socket.destroy();
	});

	test('says of a workspace that was moved away that it was, and does not make it anew', async () => {
		await writeMadeUpRun(home.path);
		const { url } = await serve();
		renameSync(home.path, `${home.path}-away`);
		try {
			const answer = await fetch(`${url}/api/runs`);
			expect(answer.status).toBe(503);
			expect(await answer.text()).toContain('was moved, removed or replaced while this server ran');
			expect(existsSync(home.path)).toBe(false);
		} finally {
			renameSync(`${home.path}-away`, home.path);
		}
		expect((await fetch(`${url}/api/runs`)).status).toBe(200);
	});

	test('shows a folder of runs that cannot be read as what it is', async () => {
		writeFileSync(join(home.path, 'runs'), 'no folder');
		const { url } = await serve();
		const { runs, unusable } = await runsOf(url);
		expect(runs).toEqual([]);
		expect(unusable).toMatchObject([
			{ problem: expect.stringContaining('cannot be read (ENOTDIR)') as string }
		]);
		expect(await jobsOf(url)).toEqual([]);
	});

	test('does not hand out a link that lies beside a result', async () => {
		const results = join(home.path, 'results', 'a-search');
		await writeMadeUpRun(home.path);
		await writeResult(home.path, madeUpSearch(), [], { id: 'a-search' });
		symlinkSync(resolve('package.json'), join(results, 'weights.safetensors'));
		const { url } = await serve();
		expect((await fetch(`${url}/api/results/a-search`)).status).toBe(200);
		expect((await fetch(`${url}/api/results/a-search/weights.safetensors`)).status).toBe(404);
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
