import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '$analysis/errors.ts';
import type { Request } from '$analysis/measure/kind.ts';
import { BusyError } from '../errors.ts';
import { ReaderProcesses } from './readerProcess.ts';

/** The name of the model's folder says how this process behaves; each question is noted beside it. */
const SCRIPT = `
const { appendFileSync } = require('node:fs');
process.on('disconnect', () => process.exit(1));
process.on('message', ({ asked }) => {
	appendFileSync(__dirname + '/asked', asked.modelFolder + ' ' + process.pid + '\\n');
	const send = (message) => process.send(message);
	const behaviours = {
		good: () => send({ kind: 'done', answer: { seconds: 1 } }),
		bad: () => send({ kind: 'failed', message: 'no such model', fault: 'input' }),
		endless: () => { for (;;); },
		crash: () => process.exit(3)
	};
	behaviours[asked.modelFolder]();
});`;

let folder: string;
let reader: ReaderProcesses;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'spanwise-reader-'));
	writeFileSync(join(folder, 'reader.cjs'), SCRIPT);
	reader = new ReaderProcesses({ file: join(folder, 'reader.cjs'), timeLimitMs: 3000 });
});
afterEach(() => {
	reader.stop();
	rmSync(folder, { recursive: true });
});

function estimate(modelFolder: string, context = 1, signal?: AbortSignal) {
	return reader.ask('estimate', { modelFolder, settings: { context } } as Request, signal);
}

/** [what was asked, the process that was asked], in order. */
function asked(): string[][] {
	return readFileSync(join(folder, 'asked'), 'utf8')
		.trim()
		.split('\n')
		.map((line) => line.split(' '));
}

describe('a process that reads models and texts', () => {
	it('answers one question after another, and the same one again without being asked', async () => {
		expect(await estimate('good')).toEqual({ seconds: 1 });
		expect(await estimate('good')).toEqual({ seconds: 1 });
		await expect(estimate('bad')).rejects.toThrow(new InputError('no such model'));
		await expect(estimate('bad')).rejects.toThrow(new InputError('no such model'));
		expect(asked().map(([what]) => what)).toEqual(['good', 'bad', 'bad']);
		expect(new Set(asked().map(([, pid]) => pid)).size).toBe(1);
	});
	it('is started anew once what it runs was built anew', async () => {
		await estimate('good', 1);
		utimesSync(join(folder, 'reader.cjs'), 1, 1);
		await estimate('good', 2);
		await estimate('good', 3);
		const [before, ...after] = asked().map(([, pid]) => pid);
		expect(new Set(after).size).toBe(1);
		expect(after).not.toContain(before);
	});
	it('is ended where it takes too long; the same question is then refused at once, another answered', async () => {
		await expect(estimate('endless')).rejects.toThrow(
			/^reading the model and its texts took more than 3 s and was stopped: .* run the command/
		);
		await expect(estimate('endless')).rejects.toThrow(InputError);
		expect(await estimate('good')).toEqual({ seconds: 1 });
		expect(asked().map(([what]) => what)).toEqual(['endless', 'good']);
		const pid = Number(asked()[0][1]);
		expect(() => process.kill(pid, 0)).toThrow('ESRCH');
	});
	it('that crashes fails its question alone', async () => {
		await expect(estimate('crash')).rejects.toThrow(/ended with exit code 3/);
		expect(await estimate('good')).toEqual({ seconds: 1 });
	});
	it('is not started again by what still waited when the server stopped', async () => {
		const waiting = [estimate('endless'), estimate('good')];
		const settled = Promise.allSettled(waiting);
		await expect.poll(() => existsSync(join(folder, 'asked')), { timeout: 10_000 }).toBe(true);
		reader.stop();
		const stopping = { reason: new BusyError('the server is stopping') };
		expect(await settled).toMatchObject([stopping, stopping]);
		expect(asked().map(([what]) => what)).toEqual(['endless']);
	});
	it('is not asked what nobody waits for any more, nor more than a few questions at once', async () => {
		const gone = new AbortController();
		const asking = Array.from({ length: 16 }, (_, index) => estimate('good', index, gone.signal));
		const settled = Promise.allSettled(asking);
		await expect(estimate('good', 99)).rejects.toThrow(BusyError);
		gone.abort();
		await settled;
		expect(await estimate('good', 99)).toEqual({ seconds: 1 });
		expect(asked().length).toBeLessThan(4);
	});
});
