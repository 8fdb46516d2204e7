import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlanThreadSetup, PlanMessage } from '../analysis/engine/planThread.ts';
import { partialWriter } from '../analysis/process/partial.ts';
import { writeCrashingModel } from '../tests/builders/crashingOnnx.ts';
import { planFor } from '../tests/builders/deployed.ts';
import { NO_DOWNLOADS } from '../tests/builders/noDownloads.ts';

// npm test builds first.
const COMMAND = fileURLToPath(new URL('../dist/spanwise.js', import.meta.url));
const SAMPLE = fileURLToPath(new URL('../static/samples/walden.txt', import.meta.url));
const TIMEOUT_MS = 60_000;

let home: string;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-built-'));
});
afterAll(() => rm(home, { recursive: true }));

function start(...args: string[]) {
	return startIn(process.cwd(), ...args);
}

function startIn(cwd: string, ...args: string[]) {
	const env = { ...process.env, ...NO_DOWNLOADS, SPANWISE_HOME: home };
	const child = spawn(process.execPath, [COMMAND, ...args], { env, cwd });
	const texts = { stdout: '', stderr: '' };
	child.stdout.on('data', (chunk: Buffer) => (texts.stdout += chunk.toString()));
	child.stderr.on('data', (chunk: Buffer) => (texts.stderr += chunk.toString()));
	const ended = once(child, 'close').then(([code]) => ({ code: code as number, ...texts }));
	return { child, ended };
}

/** Returns options of a bench that keep the cost of its plan, which is measured first, to one short window. */
async function littleCost(): Promise<string[]> {
	const text = join(home, 'short.txt');
	await writeFile(text, 'the cat sat on the mat. '.repeat(8));
	return ['--text', text, '--recall', 'off'];
}

describe('the built command', () => {
	it('has the program of the threads that run plans', async () => {
		const setup: PlanThreadSetup = {
			path: fileURLToPath(new URL('../models/mini-llama2', import.meta.url)),
			memory: { resident: true, windowsPerGroup: 1 },
			context: 8,
			threads: 1
		};
		const program = new URL('../dist/planThread.js', import.meta.url);
		const worker = new Worker(program, { workerData: setup });
		const ended = new Promise<PlanMessage[]>((resolve, reject) => {
			const messages: PlanMessage[] = [];
			worker.on('error', reject);
			worker.on('message', (each: PlanMessage) => {
				messages.push(each);
				if (each.kind === 'done' || each.kind === 'failed') resolve(messages);
			});
		});
		worker.postMessage({
			id: 0,
			verb: 'losses',
			sequences: [{ number: 0, ids: [1, 5, 6, 7, 8, 9, 10, 11] }],
			plans: [{ sources: Array.from({ length: 16 }, (_, layer) => layer) }],
			scored: 7,
			wanted: [[true]]
		});
		const messages = await ended;
		await worker.terminate();
		expect(messages.at(-1)).toEqual({ id: 0, kind: 'done', result: null });
		const losses = messages.flatMap((each) => (each.kind === 'losses' ? [...each.losses] : []));
		expect(losses).toHaveLength(7);
		expect(losses.every((loss) => loss > 0)).toBe(true);
	});

	it('begins with a line that has Node run it', async () => {
		expect(await readFile(COMMAND, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
	});

	it('finds the bundled models, and they can be used', async () => {
		const { code, stdout, stderr } = await start('models', '--json').ended;
		expect([code, stderr]).toEqual([0, '']);
		expect(JSON.parse(stdout)).toMatchObject([
			{ id: 'mini-llama2', problem: null },
			{ id: 'mini-llama3', problem: null }
		]);
	});

	it('reads bundled texts by the path that commands name, from any folder', async () => {
		const size = ['--context', '16', '--windows', '1', '--recall', 'off'];
		const texts = ['--text', 'static/samples/walden.txt'];
		const args = ['analyze', 'mini-llama2', ...texts, ...size];
		const { code, stderr } = await startIn(home, ...args).ended;
		expect([code, stderr]).toEqual([0, expect.stringContaining('1 × 16 tokens')]);
		await rm(join(home, 'runs'), { recursive: true });
	});

	it('says which model it was that onnxruntime ended its process on, and leaves no run', async () => {
		const odd = join(home, 'odd');
		await writeCrashingModel(odd);
		const size = ['--context', '24', '--windows', '1', '--recall', 'off'];
		const { code, stdout, stderr } = await start('analyze', odd, '--text', SAMPLE, ...size).ended;
		expect([code, stdout]).toEqual([1, '']);
		expect(stderr).toContain(
			`error: the process that ran ${odd} crashed (SIGSEGV): onnxruntime does not survive something in this model`
		);
		expect(await readdir(join(home, 'runs'))).toEqual([]);
	});

	it('writes no colours where there is no terminal', async () => {
		const { code, stderr } = await start('nope').ended;
		expect([code, stderr]).toEqual([2, "error: unknown command 'nope'; see --help\n"]);
	});

	it('says nothing when the reader of its output has gone', async () => {
		const { child, ended } = start('--help');
		child.stdout.destroy();
		expect(await ended).toMatchObject({ code: 0, stderr: '' });
	});

	it(
		'Ctrl-C in a run exits 130 and leaves no run, whole or half',
		async () => {
			const size = ['--context', '256', '--windows', '64'];
			const { child, ended } = start('analyze', 'mini-llama2', '--text', SAMPLE, ...size);
			let said = '';
			child.stderr.on('data', (chunk: Buffer) => {
				said += chunk.toString();
				if (/windows [1-9]/.test(said)) child.kill('SIGINT');
			});
			expect(await ended).toMatchObject({ code: 130, stdout: '' });
			expect(await readdir(join(home, 'runs')).catch(() => [])).toEqual([]);
		},
		TIMEOUT_MS
	);

	it(
		'Ctrl-C in a bench exits 130 and leaves neither models nor a result',
		async () => {
			const sources = Array.from({ length: 16 }, (_, layer) => (layer === 5 ? 4 : layer));
			const planFile = join(home, 'stopped.json');
			await writeFile(planFile, JSON.stringify(await planFor('models/mini-llama2', sources)));
			const setting = ['--prompt', '16', '--generate', '400', '--repeats', '200'];
			const args = ['mini-llama2', '--plan', planFile, ...setting, ...(await littleCost())];
			const { child, ended } = start('bench', ...args);
			child.stderr.on('data', (chunk: Buffer) => {
				if (chunk.toString().includes('measuring')) child.kill('SIGINT');
			});
			expect(await ended).toMatchObject({ code: 130, stdout: '' });
			expect(await readdir(join(home, 'results'))).toEqual([]);
		},
		TIMEOUT_MS
	);

	it(
		'apply that is killed leaves nothing once the next one has run',
		async () => {
			const folder = join(home, 'applied');
			await mkdir(folder);
			const { child, ended } = start('apply', 'mini-llama2', '--out', join(folder, 'one'));
			const writer = await expect
				.poll(async () => partialWriter((await readdir(folder))[0] ?? ''), { timeout: 20_000 })
				.not.toBeNull()
				.then(async () => partialWriter((await readdir(folder))[0]) ?? 0);
			// Not the process that was started: its child, which has the model.
			expect(writer).not.toBe(child.pid);
			process.kill(writer, 'SIGKILL');
			const { code, stderr } = await ended;
			expect([code, stderr]).toEqual([2, expect.stringContaining('was killed (SIGKILL)')]);
			expect(stderr).toContain('mini-llama2');
			expect(await readdir(folder)).toHaveLength(1);
			// Elsewhere, so that only the workspace knows of what is left.
			const again = start('apply', 'mini-llama2', '--out', join(home, 'another'), '--no-verify');
			expect((await again.ended).code).toBe(0);
			expect(await readdir(folder)).toEqual([]);
			expect(await readdir(join(home, 'partials'))).toEqual([]);
		},
		TIMEOUT_MS
	);

	it(
		'apply whose parent is killed takes what it wrote with it',
		async () => {
			const folder = join(home, 'orphaned');
			await mkdir(folder);
			const { child, ended } = start('apply', 'mini-llama2', '--out', join(folder, 'one'));
			await expect
				.poll(() => readdir(folder), { timeout: 20_000 })
				.toEqual([expect.stringContaining('.partial-one-')]);
			child.kill('SIGKILL');
			await ended;
			await expect.poll(() => readdir(folder), { timeout: 20_000 }).toEqual([]);
		},
		TIMEOUT_MS
	);

	it(
		'measures both sides of a bench in processes of their own',
		async () => {
			const planFile = join(home, 'plan.json');
			const sources = Array.from({ length: 16 }, (_, layer) => (layer === 5 ? 4 : layer));
			await writeFile(planFile, JSON.stringify(await planFor('models/mini-llama2', sources)));
			const setting = ['--prompt', '16', '--generate', '4', '--repeats', '2', '--json'];
			const { code, stdout, stderr } = await start(
				'bench',
				...['mini-llama2', '--plan', planFile, ...(await littleCost())],
				...setting
			).ended;
			expect(code).toBe(0);
			expect(stderr).toMatch(
				/^mini-llama2, prompt 16, 4 generated, batch 1, 2 rounds of each: will take .* of memory/m
			);
			expect(stderr).toMatch(/^warning: This plan was made for mini-llama2 .*different weights/m);
			// 16 layers, K and V of 6 heads of 32 floats; the follower has no K.
			const layer = 2 * 6 * 32 * 4;
			expect(JSON.parse(stdout)).toMatchObject({
				followers: 1,
				baseline: { cacheBytesPerToken: 16 * layer },
				planned: { cacheBytesPerToken: 15.5 * layer }
			});
			// Kept among the results, and nothing else.
			expect(await readdir(join(home, 'results'))).toEqual([
				expect.stringMatching(/^mini-llama2-/)
			]);
		},
		TIMEOUT_MS
	);
});
