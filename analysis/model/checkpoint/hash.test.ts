import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeTinyCheckpoint, type TinyCheckpoint } from '../../../tests/builders/checkpoint.ts';
import { completeHash, ModelHasher } from './hash.ts';
import { openCheckpoint } from './open.ts';
import { WeightReader } from './read.ts';
import { rememberedHash, rememberFor } from './remembered.ts';
import { signaturesOf } from './signature.ts';
import type { Checkpoint } from './types.ts';

let home = '';
let made = 0;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-hash-'));
});
afterAll(() => rm(home, { recursive: true }));

async function write(tiny: TinyCheckpoint = {}): Promise<Checkpoint> {
	const folder = join(home, `model-${made++}`);
	await writeTinyCheckpoint(folder, tiny);
	return openCheckpoint(folder);
}

async function hashOf(checkpoint: Checkpoint, read: string[] = []): Promise<string> {
	const reader = new WeightReader();
	const hasher = new ModelHasher(checkpoint);
	for (const name of read) {
		const entry = checkpoint.tensors.get(name);
		if (entry !== undefined) hasher.add(name, await reader.read(entry));
	}
	const hash = await completeHash(checkpoint, reader, hasher);
	await reader.close();
	return hash;
}

function sha256(bytes: Uint8Array | string): string {
	return createHash('sha256').update(bytes).digest('hex');
}

test('the hash is that of the sorted lines name, dtype, shape, SHA-256 of the bytes', async () => {
	const checkpoint = await write({ dtype: 'BF16' });
	const lines: string[] = [];
	for (const [name, entry] of checkpoint.tensors) {
		const file = await readFile(entry.file);
		const sum = sha256(file.subarray(entry.offset, entry.offset + entry.byteLength));
		lines.push(`["${name}","BF16",[${entry.shape.join()}],"${sum}"]\n`);
	}
	expect(await hashOf(checkpoint)).toBe(sha256(lines.sort().join('')));
});

test('tensors hashed while they were read, in any order, give the same hash; shards too', async () => {
	const checkpoint = await write();
	const hash = await hashOf(checkpoint);
	expect(await hashOf(checkpoint, [...checkpoint.tensors.keys()].reverse().slice(0, 5))).toBe(hash);
	expect(await hashOf(await write({ shards: 3 }))).toBe(hash);
});

test('other weights under the same header give another hash', async () => {
	expect(await hashOf(await write({ seed: 2 }))).not.toBe(await hashOf(await write({ seed: 1 })));
});

test('a hash without all tensors is no hash', async () => {
	const checkpoint = await write();
	expect(() => new ModelHasher(checkpoint).digest()).toThrow('lm_head.weight was not hashed');
});

async function remember({ tensors }: Checkpoint, hash: string): Promise<void> {
	const files = [...tensors.values()].map(({ file }) => file);
	await rememberFor(home, await signaturesOf(files), hash);
}

test('a hash is remembered until a file changes its time', async () => {
	const checkpoint = await write();
	const other = await write({ shards: 2 });
	expect(await rememberedHash(home, checkpoint)).toBeNull();
	await remember(checkpoint, 'aa');
	await remember(other, 'bb');
	expect(await rememberedHash(home, checkpoint)).toBe('aa');
	expect(await rememberedHash(home, other)).toBe('bb');
	await utimes(join(checkpoint.folder, 'model.safetensors'), 1, 1);
	expect(await rememberedHash(home, checkpoint)).toBeNull();
	await remember(checkpoint, 'cc');
	expect(await rememberedHash(home, checkpoint)).toBe('cc');
	expect(await rememberedHash(home, other)).toBe('bb');
});

test('other bytes are noticed though size and time of modification are kept, as cp -p and rsync -t do', async () => {
	const checkpoint = await write();
	const file = join(checkpoint.folder, 'model.safetensors');
	const { mtime, atime } = await stat(file);
	const bytes = await readFile(file);
	bytes[bytes.length - 1] ^= 1;
	const keepTimes = async (change: () => Promise<void>): Promise<void> => {
		await remember(checkpoint, 'aa');
		expect(await rememberedHash(home, checkpoint)).toBe('aa');
		await change();
		await utimes(file, atime, mtime);
		expect(await rememberedHash(home, checkpoint)).toBeNull();
	};
	await keepTimes(() => writeFile(file, bytes));
	await keepTimes(async () => {
		await writeFile(`${file}.new`, bytes);
		await rename(`${file}.new`, file);
	});
});

test('a broken cache counts as empty and is replaced', async () => {
	const checkpoint = await write();
	await remember(checkpoint, 'aa');
	await writeFile(join(home, 'cache', 'hashes.json'), '{"version": 2, "models": [');
	expect(await rememberedHash(home, checkpoint)).toBeNull();
	await remember(checkpoint, 'dd');
	expect(await rememberedHash(home, checkpoint)).toBe('dd');
});
