import { basename, dirname, join, resolve } from 'node:path';
import { readJsonFile } from '../../edge/json.ts';
import { brokenLink } from '../../edge/links.ts';
import { InputError } from '../../errors.ts';
import { findQuantised } from '../quantised/find.ts';
import { parseConfig } from './config.ts';
import { exists, isFolder } from './files.ts';
import { describeFile, describeFolder } from './foreign.ts';
import { nameTensors, sizes } from './named.ts';
import { isDecoder, sizesOf } from './otherEngine.ts';
import { onlyTorchWords, OwnEngineRefusal } from './ownEngineRefusal.ts';
import { INDEX, readTensors, SINGLE } from './shards.ts';
import type { Checkpoint, ModelConfig } from './types.ts';

/**
 * Opens a model folder in Hugging Face layout: reads config.json and the headers of its safetensors files, and
 * checks every tensor the engine needs against the config. No weights are read.
 * Throws InputError that says what is wrong with the folder.
 */
export async function openCheckpoint(folder: string): Promise<Checkpoint> {
	const absolute = resolve(folder);
	const said = await readConfig(absolute);
	const found = (await readTensors(absolute)) ?? (await refuseWithoutWeights(absolute));
	const { tensors, stored, notes } = await findQuantised(found, said);
	const named = nameTensors(tensors, said, absolute, stored);
	return {
		folder: absolute,
		name: modelName(absolute),
		...named,
		notes: [...notes, ...named.notes]
	};
}

/**
 * Opens a model folder for any engine: where the program's own does not know how to run it, only sizes are read, and
 * `config.onlyTorch` says why. Throws InputError as `openCheckpoint` where the model is broken or no decoder, or not even
 * its sizes can be read.
 */
export async function openForOther(folder: string): Promise<Checkpoint> {
	try {
		return await openCheckpoint(folder);
	} catch (error) {
		if (!(error instanceof OwnEngineRefusal)) throw error;
		const absolute = resolve(folder);
		const file = join(absolute, 'config.json');
		const json = await readJsonFile(file);
		const tensors = await readTensors(absolute);
		if (tensors === null || !isDecoder(json, file)) throw error;
		const config = sizesOf(json, file, error.why);
		const notes = [onlyTorchWords(error.why)];
		const name = modelName(absolute);
		return { folder: absolute, name, config, tensors, parts: new Map(), ...sizes(tensors), notes };
	}
}

/** config.json of a model folder; throws InputError where there is none or it cannot be run. */
export async function readConfig(folder: string): Promise<ModelConfig> {
	if (!(await isFolder(folder))) {
		const broken = await brokenLink(folder);
		if (broken !== null) throw new InputError(`${folder}: ${broken}`);
		throw new InputError(
			`${folder}: ${(await exists(folder)) ? await describeFile(folder) : 'no such folder'}`
		);
	}
	const file = join(folder, 'config.json');
	// A link whose file is missing is named by whoever reads it.
	if (!(await exists(file)) && (await brokenLink(file)) === null) {
		const what = await describeFolder(folder);
		throw new InputError(
			`${folder}: ${what ?? 'no config.json; expected a model folder in Hugging Face layout'}`
		);
	}
	return parseConfig(await readJsonFile(file), file);
}

/** The folder's name, or org/name where it is a snapshot in the Hugging Face cache. */
export function modelName(folder: string): string {
	const snapshots = dirname(folder);
	const cached = /^models--(.+)$/.exec(basename(dirname(snapshots)))?.[1];
	if (basename(snapshots) === 'snapshots' && cached !== undefined) {
		return cached.replaceAll('--', '/');
	}
	return basename(folder);
}

/** Throws InputError that says what a folder has in place of weights that can be read. */
async function refuseWithoutWeights(folder: string): Promise<never> {
	const what = await describeFolder(folder);
	throw new InputError(
		`${folder}: no weights: ${what ?? `neither ${SINGLE} nor ${INDEX}; other formats are not read`}`
	);
}
