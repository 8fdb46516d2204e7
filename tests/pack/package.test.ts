import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NO_DOWNLOADS } from '../builders/noDownloads.ts';
import { startServe, type RunningServer } from '../e2e/setup/server.ts';

const execute = promisify(execFile);

/** Everything is in here: the package as npm installs it, and the folder that the command is run from. */
let folder: string;
let command: string;
let home: string;
/** Path of the archive that `npm pack` made. */
let packed: string;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-pack-'));
	home = join(folder, 'home');
	// What is built is packed as it is.
	const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
	const { stdout } = await execute('npm', pack, { shell: process.platform === 'win32' });
	const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
	packed = join(folder, filename);
	await execute('tar', ['-xzf', packed, '-C', folder]);
	await linkProductionPackages(join(folder, 'package', 'node_modules'));
	await mkdir(home);
	command = join(folder, 'package', 'dist', 'spanwise.js');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Links the packages that `npm install --omit=dev` would put there, without asking the registry. */
async function linkProductionPackages(to: string): Promise<void> {
	const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
		packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
	};
	for (const [path, { dev, devOptional }] of Object.entries(lock.packages)) {
		const match = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path);
		// Packages for other systems are not there.
		if (match === null || dev || devOptional || !existsSync(path)) continue;
		const [, name] = match;
		await mkdir(dirname(join(to, name)), { recursive: true });
		await symlink(resolve(path), join(to, name), 'junction');
	}
}

async function spanwise(...args: string[]): Promise<{ stdout: string; stderr: string }> {
	const env = { ...process.env, ...NO_DOWNLOADS, SPANWISE_HOME: home };
	return execute(process.execPath, [command, ...args], { cwd: folder, env });
}

describe('the package, with production dependencies alone', () => {
	test('lists the bundled models from any folder', async () => {
		const { stdout, stderr } = await spanwise('models', '--json');
		expect(stderr).toBe('');
		expect(JSON.parse(stdout)).toMatchObject([
			{ id: 'mini-llama2', problem: null },
			{ id: 'mini-llama3', problem: null }
		]);
	});

	test('analyses one, plans, and evaluates the plan', async () => {
		const text = join(folder, 'package', 'static', 'samples', 'walden.txt');
		const size = ['--windows', '2', '--context', '64', '--recall', 'off'];
		await spanwise('analyze', 'mini-llama2', '--text', text, ...size, '--out', 'run');
		await spanwise('plan', 'run', '--followers', '2', '--out', 'plan.json');
		const { stdout } = await spanwise(
			...['evaluate', 'mini-llama2', '--plan', 'plan.json', '--text', text, ...size, '--json']
		);
		const { delta } = JSON.parse(stdout) as { delta: { loss: number } };
		expect(delta.loss).toBeGreaterThan(0);
	});

	describe('serves', () => {
		let server: RunningServer;
		beforeAll(async () => {
			server = await startServe(home, '0', command);
		});
		afterAll(() => server.stop());

		test('the page and what it loads', async () => {
			const { page, cookie } = await pageOf(server.url);
			const files = [...page.matchAll(/(?:href|src)="\.?(\/?_app\/[^"]+)"/g)].map(
				([, file]) => file
			);
			expect(files.length).toBeGreaterThan(3);
			for (const file of files) {
				const { status } = await fetch(new URL(file, server.url), { headers: { cookie } });
				expect([file, status]).toEqual([file, 200]);
			}
		});
	});
});

describe('npm install -g of the package', () => {
	const prefix = () => join(folder, 'prefix');
	const windows = process.platform === 'win32';

	beforeAll(async () => {
		// As it was packed, but for where packages come from: those that are here in place of the registry's.
		const from = join(folder, 'unpacked');
		await mkdir(from);
		await execute('tar', ['-xzf', packed, '-C', from]);
		const file = join(from, 'package', 'package.json');
		const { dependencies, ...manifest } = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
		const local = Object.keys(dependencies).map((name) => [
			name,
			`file:${resolve('node_modules', name)}`
		]);
		delete manifest.devDependencies;
		delete manifest.overrides;
		const here = { ...manifest, dependencies: Object.fromEntries(local) as object };
		await writeFile(file, JSON.stringify(here, null, 2));
		const tarball = join(folder, 'here.tgz');
		await execute('tar', ['-czf', tarball, '-C', from, 'package']);
		await rm(from, { recursive: true });
		const install = ['install', '-g', '--prefix', prefix(), '--cache', join(folder, 'npm-cache')];
		const quiet = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
		await execute('npm', [...install, ...quiet, tarball], { shell: windows });
	});

	test('puts a command there that runs from any folder', async () => {
		const installed = windows ? join(prefix(), 'spanwise.cmd') : join(prefix(), 'bin', 'spanwise');
		const env = { ...process.env, ...NO_DOWNLOADS, SPANWISE_HOME: join(folder, 'home-installed') };
		const run = (...args: string[]) =>
			execute(installed, args, { cwd: tmpdir(), env, shell: windows });
		const { stdout: version } = await run('--version');
		expect(version.trim()).toBe(manifestHere().version);
		const text = join(folder, 'package', 'static', 'samples', 'walden.txt');
		const size = ['--windows', '1', '--context', '64', '--recall', 'off'];
		const { stdout } = await run('analyze', 'mini-llama2', '--text', text, ...size, '--json');
		expect(JSON.parse(stdout)).toMatchObject({ model: 'mini-llama2', tokens: 64 });
	});
});

interface Manifest extends Record<string, unknown> {
	version: string;
	dependencies: Record<string, string>;
}

function manifestHere(): Manifest {
	return JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
}

/** The first page, by way of the address that was printed, and the cookie that it sets. */
async function pageOf(url: string): Promise<{ page: string; cookie: string }> {
	let answer = await fetch(url, { redirect: 'manual' });
	const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0];
	if (answer.status === 303) answer = await fetch(new URL('/', url), { headers: { cookie } });
	expect(answer.status).toBe(200);
	return { page: await answer.text(), cookie };
}
