import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BenchSide } from './benchTypes.ts';
import { InputError, messageOf } from '../../errors.ts';
import { benchSides } from './sideProcess.ts';

const SETTING = { prompt: 4, generate: 1, batch: 1, repeats: 1 };
const OPENED = "process.send({ kind: 'open', model: { cacheBytesPerToken: process.pid } })";

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-bench-process-'));
});
afterAll(() => rm(scratch, { recursive: true }));

let workers = 0;

/** Opens a side whose process does this where it is asked to open a model, and to run a round of it. */
async function sideThat(open: string, round = ''): Promise<BenchSide> {
	const worker = join(scratch, `worker-${workers++}.mjs`);
	await writeFile(
		worker,
		`process.on('disconnect', () => process.exit(0));
		process.on('message', ({ kind }) => { if (kind === 'open') { ${open} } else { ${round} } });`
	);
	const file = { file: 'model.onnx', dataFolder: null, names: null };
	return benchSides(pathToFileURL(worker))(file, SETTING);
}

const errorOf = async (promised: Promise<unknown>): Promise<unknown> =>
	promised.then(
		() => 'none',
		(error: unknown) => error
	);

function isThere(pid: number): boolean {
	try {
		return process.kill(pid, 0);
	} catch {
		return false;
	}
}

const KILLED =
	'the process that ran one of the two models was killed (SIGKILL), most likely because the machine ran out of memory; ask for a shorter prompt or a smaller batch';

describe('a side in a process of its own', () => {
	it('is ended where it cannot open its model', async () => {
		const error = await errorOf(
			sideThat("process.send({ kind: 'failed', fault: 'input', message: String(process.pid) })")
		);
		expect(error).toBeInstanceOf(InputError);
		const pid = Number(messageOf(error));
		expect(pid).toBeGreaterThan(0);
		expect(isThere(pid)).toBe(false);
	});

	it('tells of its own faults as such', async () => {
		const error = await errorOf(
			sideThat("process.send({ kind: 'failed', fault: 'own', message: 'no such node' })")
		);
		expect(error).not.toBeInstanceOf(InputError);
		expect(messageOf(error)).toBe('no such node');
	});

	it('says that memory was short where it is killed, and is no internal error then', async () => {
		const error = await errorOf(sideThat("process.kill(process.pid, 'SIGKILL')"));
		expect(error).toBeInstanceOf(InputError);
		expect(messageOf(error)).toBe(KILLED);
	});

	it('says how it ended otherwise', async () => {
		const error = await errorOf(sideThat('process.exit(3)'));
		expect(error).not.toBeInstanceOf(InputError);
		expect(messageOf(error)).toBe(
			'the process that ran one of the two models ended with exit code 3 before it had finished'
		);
	});

	it('can be closed, and refuses rounds, once it was killed in one', async () => {
		const side = await sideThat(OPENED, "process.kill(process.pid, 'SIGKILL')");
		expect(messageOf(await errorOf(side.round()))).toBe(KILLED);
		expect(messageOf(await errorOf(side.round()))).toBe(KILLED);
		await side.close();
		expect(isThere(side.model.cacheBytesPerToken)).toBe(false);
	});

	it('refuses a round where it ended between two', async () => {
		const side = await sideThat(`${OPENED}; setTimeout(() => process.exit(0), 50)`);
		const pid = side.model.cacheBytesPerToken;
		await expect.poll(() => isThere(pid)).toBe(false);
		expect(messageOf(await errorOf(side.round()))).toContain('ended with exit code 0');
	});

	it('is ended where it is closed', async () => {
		const side = await sideThat(OPENED);
		await side.close();
		expect(isThere(side.model.cacheBytesPerToken)).toBe(false);
		await side.close();
	});
});
