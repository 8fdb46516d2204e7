import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { madeUpSearch } from '../tests/builders/results.ts';
import { listResults, readResult } from '../analysis/measure/results/folder.ts';
import { TelemetryRecorder } from '../analysis/telemetry/recorder.ts';
import { storeResult } from './store.ts';

const search = madeUpSearch();
let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-store-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function store(home: string): Promise<string> {
	const stderr = new PassThrough({ encoding: 'utf8' });
	const io = { stdin: new PassThrough(), stdout: new PassThrough(), stderr, env: {} };
	const origin = { home, command: 'spanwise search tiny', recorder: new TelemetryRecorder() };
	const file = { file: 'weights.safetensors', bytes: Buffer.from('weights') };
	await storeResult(search.result, origin, io, [file]);
	return String(stderr.read());
}

it('keeps a measurement in the workspace, with its command and telemetry, and says where', async () => {
	const said = await store(folder);
	const [{ id }] = await listResults(folder);
	expect(said).toBe(`saved to the workspace as ${id}\n`);
	const { result, command, telemetry, model, windows } = await readResult(folder, id);
	expect(result).toEqual(search.result);
	expect(command).toBe('spanwise search tiny');
	expect(model.name).toBe('tiny');
	expect(windows).toBe(2);
	expect(telemetry?.stages.map(({ stage }) => stage)).toEqual(['finishing']);
});
it('says so where the workspace cannot be written, and fails nothing', async () => {
	const file = join(folder, 'file');
	await writeFile(file, '');
	expect(await store(file)).toMatch(/^not kept in the workspace: .*is not a directory \(ENOTDIR\)/);
});
