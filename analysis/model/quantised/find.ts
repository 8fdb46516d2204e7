import * as v from 'valibot';
import { parseJson } from '../../edge/parseJson.ts';
import { parseUntrusted } from '../../edge/parse.ts';
import { InputError } from '../../errors.ts';
import { familyOf } from '../checkpoint/families.ts';
import { expertTensors } from '../checkpoint/experts.ts';
import { expectedTensors } from '../checkpoint/fused.ts';
import { WeightReader } from '../checkpoint/read.ts';
import type { ModelConfig, Quantisation, TensorEntry } from '../checkpoint/types.ts';
import { along } from './columns.ts';
import { storedPlaces } from './decode.ts';
import { mxfp4Experts, recognise, type Recognised } from './recognise.ts';
import type { Module } from './types.ts';

/** A quantised weight, its shape as the engine expects it and its rows as they are stored. */
interface Found extends Recognised {
	shape: number[];
	rows: number;
}

/** Tensors of a checkpoint, its quantised weights computed. */
export interface WithQuantised {
	/** Quantised weights in place of the tensors that they are computed from, beside all others. */
	tensors: Map<string, TensorEntry>;
	/** Tensors that weights are computed from. */
	stored: TensorEntry[];
	notes: string[];
}

/** 64 kB: the settings of one weight of bitsandbytes, some 200 bytes of JSON. */
const MAX_STATE_BYTES = 2 ** 16;
/** Zeros that a message names. */
const MAX_SHOWN = 4;

/** Scales of activations and of the KV cache, which are not quantised here. */
const ACTIVATIONS = /\.(input|activation|output|k|v|q)_(global_|zero_)?(scale|point)$/;

/**
 * Puts the quantised weights of a checkpoint in the places of the tensors that they are stored in: entries whose rows
 * `WeightReader` computes. Of GPTQ and bitsandbytes some small tensors are read, no weights. Throws InputError that names
 * the tensor where the tensors are not those of the method that config.json names.
 */
export async function findQuantised(
	found: ReadonlyMap<string, TensorEntry>,
	config: ModelConfig
): Promise<WithQuantised> {
	const { quantisation } = config;
	const tensors = new Map(found);
	const stored: TensorEntry[] = [];
	if (quantisation === null) return { tensors, stored, notes: [] };
	const reader = new WeightReader();
	try {
		const weights = new Map<string, Found>();
		for (const module of modulesOf(found, config)) {
			const recognised = recognise(module, quantisation);
			if (recognised === null) continue;
			const [rows] = module.shape;
			weights.set(`${module.name}.weight`, { ...recognised, rows, shape: [...module.shape] });
		}
		for (const [name, recognised] of expertsIn(found, config)) weights.set(name, recognised);
		if (weights.size === 0) {
			throw new InputError(
				`config.json: quantization_config names ${quantisation.method}, but no weight is stored that way; expected the tensors of ${quantisation.method}, or none of that key`
			);
		}
		const notes = await settle([...weights.values()], quantisation, reader);
		for (const [name, { format, label, stored: parts, state, rows, shape }] of weights) {
			for (const entry of [...Object.values(parts), ...(state === undefined ? [] : [state])]) {
				tensors.delete(entry.name);
				stored.push(entry);
			}
			const { values } = parts;
			const quantised = { format, stored: parts, rows, firstRow: 0, rowStep: 1 };
			tensors.set(name, {
				...{ name, dtype: label, shape, of: values.name, quantised },
				...{ file: values.file, offset: values.offset },
				byteLength: storedPlaces(quantised).byteLength
			});
		}
		for (const [name, entry] of found) {
			if (!ACTIVATIONS.test(name) && !name.endsWith('.weight_shape')) continue;
			tensors.delete(name);
			stored.push(entry);
		}
		return { tensors, stored, notes: [...notes, ...inWords([...weights.values()])] };
	} finally {
		await reader.close();
	}
}

/** Matrices of all experts in one tensor, which gpt-oss stores as MXFP4 under names with "_blocks" and "_scales". */
function expertsIn(
	found: ReadonlyMap<string, TensorEntry>,
	config: ModelConfig
): Map<string, Found> {
	const weights = new Map<string, Found>();
	if (config.quantisation?.method !== 'mxfp4') return weights;
	for (const { name, shape } of expertTensors(config)) {
		const values = found.get(`${name}_blocks`);
		const scales = found.get(`${name}_scales`);
		if (values === undefined || scales === undefined) continue;
		const recognised = mxfp4Experts(values, scales, shape);
		weights.set(name, { ...recognised, shape, rows: shape[0] * shape[2] });
	}
	return weights;
}

/** Modules whose weight is a matrix that the engine reads, under their names in the files. */
function modulesOf(found: ReadonlyMap<string, TensorEntry>, config: ModelConfig): Module[] {
	const { prefix } = familyOf(config).tensors;
	const shapes = new Map<string, [number, number]>();
	for (const { name, shape } of expectedTensors({ ...config, tied: false })) {
		if (shape.length !== 2 || !name.endsWith('.weight')) continue;
		const own = name.slice(0, -'.weight'.length);
		shapes.set(own, [shape[0], shape[1]]);
		// Those of a base model lack the prefix.
		if (own.startsWith(prefix)) shapes.set(own.slice(prefix.length), [shape[0], shape[1]]);
	}
	const modules = new Map<string, Map<string, TensorEntry>>();
	for (const [name, entry] of found) {
		// "x.weight.absmax" lies beside "x.weight".
		const parts = /^(.*?)\.(weight\..*|[^.]+)$/.exec(name);
		if (parts === null || !shapes.has(parts[1])) continue;
		const tensors = modules.get(parts[1]) ?? new Map<string, TensorEntry>();
		modules.set(parts[1], tensors.set(parts[2], entry));
	}
	return [...modules].flatMap(([name, tensors]) => {
		const shape = shapes.get(name);
		return shape === undefined ? [] : [{ name, tensors, shape }];
	});
}

/** Reads what the tensors alone say of their format. Returns what differs from config.json. */
async function settle(
	weights: Recognised[],
	quantisation: Quantisation,
	reader: WeightReader
): Promise<string[]> {
	for (const weight of weights) {
		if (weight.state === undefined) continue;
		const state = await readState(weight.state, reader);
		const nested = 'nestedTable' in weight.stored;
		weight.format = {
			...{ kind: 'table', block: state.blocksize },
			nestedBlock: state.nested_blocksize ?? 1,
			nestedOffset: nested ? (state.nested_offset ?? 0) : 0
		};
	}
	if (quantisation.method !== 'gptq' || weights.length === 0) return [];
	return settleZeros(weights, quantisation, reader);
}

const stateSchema = v.object({
	blocksize: v.pipe(v.number(), v.integer(), v.minValue(1)),
	nested_blocksize: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1))),
	nested_offset: v.nullish(v.pipe(v.number(), v.finite()))
});

async function readState(entry: TensorEntry, reader: WeightReader) {
	const where = `${entry.file}: ${entry.name}`;
	if (entry.byteLength > MAX_STATE_BYTES) {
		throw new InputError(
			`${where}: ${entry.byteLength} bytes; at most ${MAX_STATE_BYTES} are allowed`
		);
	}
	const text = new TextDecoder().decode(await reader.read(entry));
	return parseUntrusted(stateSchema, parseJson(text, where), where);
}

/**
 * Zeros of symmetric weights are half of all values; version 1 stores them less one. Some checkpoints say one and hold the
 * other, which would put every weight off by a step, so that the zeros of the first weight decide where all are the same.
 * Throws InputError where weights are said to be symmetric and are not.
 */
async function settleZeros(
	weights: Recognised[],
	{ bits, version, symmetric }: Extract<Quantisation, { method: 'gptq' }>,
	reader: WeightReader
): Promise<string[]> {
	const { zeros, scales } = weights[0].stored;
	const middle = 2 ** (bits - 1);
	const found = await valuesOfZeros(zeros, { bits, outputs: scales.shape[1] }, reader);
	const [first] = found;
	if (found.size > 1 || (first !== middle && first !== middle - 1)) {
		if (!symmetric) return [];
		throw new InputError(
			`${zeros.file}: ${zeros.name} holds ${[...found].slice(0, MAX_SHOWN).join(', ')}; symmetric weights of ${bits} bits have ${middle - 1} (gptq) or ${middle} (gptq_v2) everywhere`
		);
	}
	const zeroOffset = first === middle ? 0 : 1;
	for (const weight of weights) {
		if (weight.format.kind === 'gptq') weight.format = { ...weight.format, zeroOffset };
	}
	const held = zeroOffset === 1 ? 1 : 2;
	if (held === version) return [];
	const [says, holds] = [version, held].map((each) => (each === 1 ? 'gptq' : 'gptq_v2'));
	return [
		`config.json says ${says}, but zeros of ${first} are those of ${holds}: they are read as ${holds}`
	];
}

/** The different zeros of a weight, which are packed along its outputs. */
async function valuesOfZeros(
	zeros: TensorEntry,
	{ bits, outputs }: { bits: number; outputs: number },
	reader: WeightReader
): Promise<Set<number>> {
	const words = new Int32Array((await reader.read(zeros)).slice().buffer);
	const [groups, width] = zeros.shape;
	const found = new Set<number>();
	for (let group = 0; group < groups; group++)
		for (let output = 0; output < outputs; output++)
			found.add(along(words, width, group, output, bits));
	return found;
}

function inWords(weights: readonly Recognised[]): string[] {
	const counts = new Map<string, number>();
	for (const { label } of weights) counts.set(label, (counts.get(label) ?? 0) + 1);
	return [...counts].map(
		([label, count]) =>
			`${count} matrices are ${label}: they are computed in float32 as they are read; activations are not quantised`
	);
}
