import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeTinyCheckpoint } from '../../tests/builders/checkpoint.ts';
import { checkSameModel, hashOf } from '../../tests/builders/opened.ts';

let home: string;
let model: string;

beforeEach(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-hash-'));
	model = join(home, 'model');
	await writeTinyCheckpoint(model);
});

afterEach(() => rm(home, { recursive: true, force: true }));

const hashNow = () => hashOf(model, home);
const check = (hash: string) => checkSameModel(model, hash, home);

test('the weights a run was made with are known again, and their hash is remembered', async () => {
	const hash = await hashNow();
	await expect(check(hash)).resolves.toBeUndefined();
	await rm(join(home, 'cache'), { recursive: true });
	await expect(check(hash)).resolves.toBeUndefined();
	expect(await readFile(join(home, 'cache', 'hashes.json'), 'utf8')).toContain(hash);
});

test('other weights in the same folder are refused, naming both hashes', async () => {
	const now = await hashNow();
	const before = '0123456789abcdef'.repeat(4);
	await expect(check(before)).rejects.toThrow(
		`model ${model}: its weights have the hash ${now.slice(0, 12)}; the run was made with 0123456789ab. Analyse it again`
	);
});
