import { Worker } from 'node:worker_threads';
import * as v from 'valibot';
import { parseUntrusted } from '../../edge/parse.ts';
import { InputError } from '../../errors.ts';
import type { ModelHasher } from './hash.ts';
import type { Checkpoint } from './types.ts';

/**
 * Runs in the thread: SHA-256 of each tensor's bytes, by name. A program in a string, because a thread needs a file
 * of plain JavaScript of its own, which neither the tests nor a bundle have.
 */
const PROGRAM = `
const { createHash } = require('node:crypto');
const { openSync, readSync, closeSync } = require('node:fs');
const { parentPort, workerData } = require('node:worker_threads');
const buffer = Buffer.allocUnsafe(2 ** 22);
const files = new Map();
const sums = [];
for (const { name, file, offset, byteLength } of workerData) {
	if (!files.has(file)) files.set(file, openSync(file));
	const hash = createHash('sha256');
	for (let done = 0; done < byteLength;) {
		const wanted = Math.min(buffer.length, byteLength - done);
		const read = readSync(files.get(file), buffer, 0, wanted, offset + done);
		if (read === 0) throw new Error(file + ': ' + name + ': the file was cut short while it was being read');
		hash.update(buffer.subarray(0, read));
		done += read;
	}
	sums.push([name, hash.digest('hex')]);
}
for (const file of files.values()) closeSync(file);
parentPort.postMessage(sums);
`;

const sums = v.array(v.tuple([v.string(), v.string()]));

/**
 * Hashes a checkpoint's tensors in a thread of their own, while this one runs the model. Resolves once all are taken in;
 * rejects with InputError where a file cannot be read.
 */
export async function hashInThread(checkpoint: Checkpoint, hasher: ModelHasher): Promise<void> {
	const workerData = [...checkpoint.tensors].map(([name, { file, offset, byteLength }]) => ({
		name,
		file,
		offset,
		byteLength
	}));
	const worker = new Worker(PROGRAM, { eval: true, workerData });
	const found = await new Promise<unknown>((resolve, reject) => {
		worker.once('message', resolve);
		worker.once('error', (error) => reject(new InputError(error.message, { cause: error })));
		worker.once('exit', () => reject(new Error('the thread that hashes ended without a word')));
	});
	for (const [name, sum] of parseUntrusted(sums, found, 'hashes')) hasher.take(name, sum);
}
