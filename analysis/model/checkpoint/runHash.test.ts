import { link, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rememberedFilesHash } from './remembered.ts';
import { RunHash } from './runHash.ts';

let home = '';
let file = '';
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-run-hash-'));
	file = join(home, 'weights');
});
afterAll(() => rm(home, { recursive: true }));

const begin = (onDisk: string) => RunHash.begin([file], () => Promise.resolve(onDisk));

test('a hash is worked out once, from what the run has read, and known to the next run', async () => {
	await writeFile(file, 'one');
	const run = await begin('never asked for');
	expect(await run.known(home)).toBeNull();
	expect(await run.confirmed(home, () => Promise.resolve('aa'))).toBe('aa');
	expect(await run.confirmed(home, () => Promise.reject(new Error('twice')))).toBe('aa');
	const next = await begin('never asked for');
	expect(await next.known(home)).toBe('aa');
	expect(await next.confirmed(home)).toBe('aa');
});

test('weights that were changed while the model ran are an error, and nothing is remembered', async () => {
	await writeFile(file, 'two');
	const run = await begin('bb, which the run did not read');
	await writeFile(file, 'TWO');
	await expect(run.confirmed(home, () => Promise.resolve('aa'))).rejects.toThrow(
		`${file}: the weights were changed while the model ran; run it again`
	);
	expect(await rememberedFilesHash(home, [file])).toBeNull();
});

test('a further link to the same bytes is no change', async () => {
	const run = await begin('cc');
	await link(file, `${file}-2`);
	expect(await run.confirmed(home, () => Promise.resolve('cc'))).toBe('cc');
	expect(await rememberedFilesHash(home, [file])).toBe('cc');
});
