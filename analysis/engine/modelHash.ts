import { InputError } from '../errors.ts';
import { completeHash, ModelHasher } from '../model/checkpoint/hash.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
import { filesOf, rememberedFilesHash, rememberedHash } from '../model/checkpoint/remembered.ts';
import { RunHash } from '../model/checkpoint/runHash.ts';
import type { Checkpoint } from '../model/checkpoint/types.ts';
import { onnxFiles, onnxHash } from '../model/onnx/hash.ts';
import { findOnnxFile } from '../model/onnx/locate.ts';
import { readOnnx, type OnnxModel } from '../model/onnx/read.ts';

/** Characters of a hash that are shown; enough to tell two models apart. */
const SHOWN_DIGITS = 12;

/** Begins the hash of a checkpoint for a run; to be called before its weights are read. */
export function beginHash(checkpoint: Checkpoint, home: string): Promise<RunHash> {
	return RunHash.begin(home, filesOf(checkpoint), async () => {
		const reader = new WeightReader();
		try {
			return await completeHash(checkpoint, reader, new ModelHasher(checkpoint));
		} finally {
			await reader.close();
		}
	});
}

/** Begins the hash of an ONNX model for a run; to be called before it is read to be run. */
export function beginOnnxHash(onnx: OnnxModel, home: string): Promise<RunHash> {
	return RunHash.begin(home, onnxFiles(onnx), () => onnxHash(onnx));
}

/** Confirms a run's hash; where the weights were changed meanwhile, `discard`s what it has kept. */
export async function confirmedOr(run: RunHash, discard: () => Promise<void>): Promise<void> {
	try {
		await run.confirmed();
	} catch (error) {
		await discard();
		throw error;
	}
}

/**
 * Throws InputError where a folder or ONNX file no longer holds the weights that a run was made with. Reads the weights only
 * where their hash is not remembered.
 */
export async function checkSameModel(folder: string, hash: string, home: string): Promise<void> {
	const file = await findOnnxFile(folder);
	const now =
		file === null
			? await (await beginHash(await openCheckpoint(folder), home)).confirmed()
			: await (await beginOnnxHash(await readOnnx(file, { weights: false }), home)).confirmed();
	refuseOther(folder, now, hash);
}

/** The same as far as it is known without reading the weights; a run checks what it reads. */
export async function refuseKnownOther(folder: string, hash: string, home: string): Promise<void> {
	const file = await findOnnxFile(folder);
	const now =
		file === null
			? await rememberedHash(home, await openCheckpoint(folder))
			: await rememberedFilesHash(home, onnxFiles(await readOnnx(file, { weights: false })));
	if (now !== null) refuseOther(folder, now, hash);
}

function refuseOther(folder: string, now: string, hash: string): void {
	if (now === hash) return;
	throw new InputError(
		`model ${folder}: its weights have the hash ${now.slice(0, SHOWN_DIGITS)}; the run was made with ${hash.slice(0, SHOWN_DIGITS)}. Analyse it again`
	);
}
