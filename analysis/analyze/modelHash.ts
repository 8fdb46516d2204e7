import { InputError } from '../errors.ts';
import { completeHash, ModelHasher } from '../checkpoint/hash.ts';
import { openCheckpoint } from '../checkpoint/open.ts';
import { WeightReader } from '../checkpoint/read.ts';
import {
	rememberedFilesHash,
	rememberedHash,
	rememberFilesHash,
	rememberHash
} from '../checkpoint/remembered.ts';
import type { Checkpoint } from '../checkpoint/types.ts';
import { onnxFiles, onnxHash } from '../onnx/hash.ts';
import { findOnnxFile } from '../onnx/locate.ts';
import { readOnnx, type OnnxModel } from '../onnx/read.ts';

/** Characters of a hash that are shown; enough to tell two models apart. */
const SHOWN_DIGITS = 12;

/** Hashes what `hasher` has not seen yet, and remembers the model's hash. */
export async function completedHash(
	checkpoint: Checkpoint,
	reader: WeightReader,
	hasher: ModelHasher | null,
	home: string
): Promise<string> {
	const hash = await completeHash(checkpoint, reader, hasher ?? new ModelHasher(checkpoint));
	await rememberHash(home, checkpoint, hash);
	return hash;
}

/** The hash of an ONNX model; its files are read only where it is not remembered. */
export async function onnxModelHash(onnx: OnnxModel, home: string): Promise<string> {
	const files = onnxFiles(onnx);
	const known = await rememberedFilesHash(home, files);
	if (known !== null) return known;
	const hash = await onnxHash(onnx);
	await rememberFilesHash(home, files, hash);
	return hash;
}

/**
 * Throws InputError where a folder or ONNX file no longer holds the weights that a run was made with. Reads the weights only
 * where their hash is not remembered.
 */
export async function checkSameModel(folder: string, hash: string, home: string): Promise<void> {
	const file = await findOnnxFile(folder);
	const now =
		file === null
			? await checkpointHash(folder, home)
			: await onnxModelHash(await readOnnx(file, { weights: false }), home);
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

async function checkpointHash(folder: string, home: string): Promise<string> {
	const checkpoint = await openCheckpoint(folder);
	const reader = new WeightReader();
	try {
		return (
			(await rememberedHash(home, checkpoint)) ??
			(await completedHash(checkpoint, reader, null, home))
		);
	} finally {
		await reader.close();
	}
}
