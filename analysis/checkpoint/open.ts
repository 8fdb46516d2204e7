import { basename, dirname, join, resolve } from 'node:path';
import * as v from 'valibot';
import { InputError } from '../errors.ts';
import { parseConfig } from './config.ts';
import { expectedTensors } from './expected.ts';
import { exists, isFolder } from './files.ts';
import { MAX_LARGE_JSON_BYTES, readJsonFile } from '../edge/json.ts';
import { readSafetensorsHeader } from './safetensors.ts';
import type { Checkpoint, ModelConfig, TensorEntry } from './types.ts';

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
/** Where a folder without these has its model, as exporters lay it out. */
const ONNX_FILES = ['model.onnx', join('onnx', 'model.onnx')];

const indexSchema = v.object({ weight_map: v.record(v.string(), v.string()) });

/**
 * Opens a model folder in Hugging Face layout: reads config.json and the headers of its safetensors files, and
 * checks every tensor the engine needs against the config. No weights are read.
 * Throws InputError that says what is wrong with the folder.
 */
export async function openCheckpoint(folder: string): Promise<Checkpoint> {
	const absolute = resolve(folder);
	const config = await readConfig(absolute);
	const tensors = await readTensors(absolute);
	checkTensors(tensors, config, absolute);
	let bytes = 0;
	let parameters = 0;
	for (const { byteLength, shape } of tensors.values()) {
		bytes += byteLength;
		parameters += shape.reduce((product, size) => product * size, 1);
	}
	return { folder: absolute, name: modelName(absolute), config, tensors, bytes, parameters };
}

/** config.json of a model folder; throws InputError where there is none or it cannot be run. */
export async function readConfig(folder: string): Promise<ModelConfig> {
	if (folder.endsWith('.onnx') && (await exists(folder))) {
		throw onnxRefused(folder);
	}
	if (!(await isFolder(folder))) throw new InputError(`${folder}: no such folder`);
	const file = join(folder, 'config.json');
	if (!(await exists(file))) {
		throw new InputError(
			`${folder}: no config.json; expected a model folder in Hugging Face layout`
		);
	}
	return parseConfig(await readJsonFile(file), file);
}

function onnxRefused(file: string): InputError {
	return new InputError(
		`${file}: an ONNX model; only analyze, inspect, evaluate, apply and bench take one; name the folder of the checkpoint that it came from`
	);
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

async function readTensors(folder: string): Promise<Map<string, TensorEntry>> {
	const single = join(folder, SINGLE);
	if (await exists(single)) return collect(await readSafetensorsHeader(single), new Map());
	if (await exists(join(folder, INDEX))) return readShards(folder);
	for (const file of ONNX_FILES) {
		if (await exists(join(folder, file))) throw onnxRefused(join(folder, file));
	}
	throw new InputError(
		`${folder}: no weights: neither ${SINGLE} nor ${INDEX}; other formats are not read`
	);
}

async function readShards(folder: string): Promise<Map<string, TensorEntry>> {
	const indexFile = join(folder, INDEX);
	const parsed = v.safeParse(indexSchema, await readJsonFile(indexFile, MAX_LARGE_JSON_BYTES));
	if (!parsed.success) {
		throw new InputError(`${indexFile}: weight_map does not name a file for every tensor`);
	}
	const placed = Object.entries(parsed.output.weight_map);
	const tensors = new Map<string, TensorEntry>();
	for (const shard of new Set(placed.map(([, file]) => file))) {
		if (shard !== basename(shard) || shard === '..' || shard.includes('\\')) {
			throw new InputError(
				`${indexFile}: names ${JSON.stringify(shard)}; expected a file beside it`
			);
		}
		const file = join(folder, shard);
		if (!(await exists(file))) {
			throw new InputError(`${folder}: missing shard ${shard}, which ${INDEX} names`);
		}
		collect(await readSafetensorsHeader(file), tensors);
	}
	for (const [name, shard] of placed) {
		if (tensors.get(name)?.file !== join(folder, shard)) {
			throw new InputError(`${indexFile}: ${name}: not in ${shard}, where the index has it`);
		}
	}
	return tensors;
}

function collect(
	entries: readonly TensorEntry[],
	tensors: Map<string, TensorEntry>
): Map<string, TensorEntry> {
	for (const entry of entries) {
		const other = tensors.get(entry.name);
		if (other !== undefined) {
			throw new InputError(`${entry.file}: ${entry.name}: also in ${basename(other.file)}`);
		}
		tensors.set(entry.name, entry);
	}
	return tensors;
}

function checkTensors(
	tensors: ReadonlyMap<string, TensorEntry>,
	config: ModelConfig,
	folder: string
): void {
	for (const { name, shape } of expectedTensors(config)) {
		const found = tensors.get(name);
		if (found === undefined) {
			throw new InputError(
				`${folder}: missing tensor ${name}; config.json asks for it, [${shape.join(', ')}]`
			);
		}
		if (found.shape.join() !== shape.join()) {
			throw new InputError(
				`${found.file}: ${name} is [${found.shape.join(', ')}]; ` +
					`expected [${shape.join(', ')}] from config.json`
			);
		}
	}
}
