import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileNumbers, plannedLogits } from '../engine/torchMessages.ts';
import { pythonOf } from '../engine/torchSettings.ts';
import { TorchWorker } from '../engine/torchWorker.ts';
import { isInputError } from '../errors.ts';
import { modelFacts } from '../model/checkpoint/facts.ts';
import type { Checkpoint } from '../model/checkpoint/types.ts';
import { freeMemoryBytes } from '../process/freeMemory.ts';
import { formatBytes } from '../text/number.ts';
import type { TransformersVerification } from './types.ts';
import { check, largestDifference, largestOf, toleranceFor, type Expected } from './verify.ts';

/** Bytes of a parameter as it is loaded, float32, whatever its type in the file. */
const FLOAT = 4;

/** Result of running a folder in transformers, or the reason that it was not run. */
export interface TransformersRun {
	found: TransformersVerification | null;
	/** Reason that it was not run; null: it was run. */
	missed: string | null;
}

/**
 * Loads a written folder by transformers as anyone would, runs it at once and through the cache, and compares its logits
 * with the engine's own run of the original as planned. Throws InputError where they disagree. Without a Python that has
 * transformers, or the memory for it, nothing is run.
 */
export async function verifyByTransformers(
	folder: string,
	checkpoint: Checkpoint,
	{ ids, logits: expected }: Expected
): Promise<TransformersRun> {
	const bytes = FLOAT * modelFacts(checkpoint).parameters;
	if (bytes > freeMemoryBytes()) {
		return missed(`it would take ${formatBytes(bytes)} of memory`);
	}
	const scratch = await mkdtemp(join(tmpdir(), 'spanwise-transformers-'));
	try {
		const worker = await startWorker(scratch);
		if (typeof worker === 'string') return missed(worker);
		try {
			const request = { model: folder, window: ids, folder: scratch };
			const { logits, cached, version } = await worker.ask('plannedLogits', request, plannedLogits);
			const found = Float32Array.from(await fileNumbers(logits));
			const verification: TransformersVerification = {
				tokens: ids.length,
				difference: largestDifference(found, expected),
				tolerance: toleranceFor(expected, 'float32'),
				cachedDifference: cached,
				largestLogit: largestOf(expected),
				version
			};
			check(verification);
			return { found: verification, missed: null };
		} finally {
			await worker.close();
		}
	} finally {
		await rm(scratch, { recursive: true, force: true });
	}
}

/** The worker, which keeps the folder's code in `scratch`; why there is none. */
async function startWorker(scratch: string): Promise<TorchWorker | string> {
	try {
		return await TorchWorker.start(pythonOf(process.env), { HF_MODULES_CACHE: scratch });
	} catch (error) {
		if (isInputError(error)) return error.message;
		throw error;
	}
}

function missed(why: string): TransformersRun {
	return { found: null, missed: `not loaded by transformers: ${why}` };
}
