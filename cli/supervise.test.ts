import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runInChild, runsModel } from './supervise.ts';

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-supervise-'));
});
afterAll(() => rm(scratch, { recursive: true }));

let scripts = 0;

/** Runs a script in the child's place; its exit code, and what is said of it. */
async function supervised(script: string): Promise<{ code: number; said: string }> {
	const file = join(scratch, `child-${scripts++}.mjs`);
	await writeFile(file, script);
	const stderr = new PassThrough();
	const io = { stdin: new PassThrough(), stdout: new PassThrough(), stderr, env: {} };
	const code = await runInChild(file, ['analyze', 'a-model'], io);
	return { code, said: String(stderr.read() ?? '') };
}

const kills = (signal: string) =>
	`process.kill(process.pid, '${signal}'); setTimeout(() => {}, 5000)`;

describe('a command that runs a model', () => {
	it('is run in a child process, and no other is', () => {
		expect(runsModel(['analyze', 'mini-llama2', '--text', 'a.txt'])).toBe(true);
		expect(runsModel(['--home', 'there', 'apply', 'm', '--out', 'x'])).toBe(true);
		for (const args of [['models'], ['serve'], ['plan', 'run'], ['--help'], []]) {
			expect(runsModel(args)).toBe(false);
		}
	});

	it.each([0, 1, 2, 3, 4])('ends with its exit code, %i, and says nothing of it', async (code) => {
		expect(await supervised(`process.exitCode = ${code}`)).toEqual({ code, said: '' });
	});

	it('gets the arguments as they were given', async () => {
		const script = "process.exitCode = process.argv.slice(2).join() === 'analyze,a-model' ? 4 : 1";
		expect((await supervised(script)).code).toBe(4);
	});

	it('that crashes says so, with the signal and the model', async () => {
		const script = `process.send({ model: '/models/odd.onnx' }, () => { ${kills('SIGSEGV')} })`;
		const { code, said } = await supervised(script);
		expect(code).toBe(1);
		expect(said).toBe(
			'error: the process that ran /models/odd.onnx crashed (SIGSEGV): onnxruntime does not survive something in this model; export it again with another version of the exporter, or remove what it was changed by\n'
		);
	});

	it('that is killed says that memory was short, and that the user can mend it', async () => {
		const { code, said } = await supervised(kills('SIGKILL'));
		expect(code).toBe(2);
		expect(said).toBe(
			'error: the process that ran the command was killed (SIGKILL), most likely because the machine ran out of memory; use a smaller context, fewer windows or a lower --memory\n'
		);
	});

	it('that another signal ends is told of by its name', async () => {
		const { code, said } = await supervised(kills('SIGTERM'));
		expect(code).toBe(1);
		expect(said).toContain('was ended by signal SIGTERM before it had finished');
	});
});
