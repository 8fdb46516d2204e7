import {
	layerPrefix,
	layerTensorNames,
	layerTensorShapes,
	type ExpectedTensor
} from './expected.ts';
import { familyOf } from './families.ts';
import type { Experts, ModelConfig, QuantisedWeight, TensorEntry } from './types.ts';
import type { ExpertLayout } from './layout.ts';

const PARTS = ['gate', 'up', 'down'] as const;
const BIASES = ['gateBias', 'upBias', 'downBias'] as const;

/** Names that the matrices of all experts of a layer together, and their biases, have for the engine. */
export function expertNames(config: ModelConfig): string[] {
	if (config.experts === null) return [];
	return layersOf(config).flatMap((layer) => {
		const names = layerTensorNames(config, layer);
		return [...PARTS, ...BIASES].flatMap((role) => names[role] ?? []);
	});
}

/** Tensors that the experts of a checkpoint lie in, and their shapes. */
export function expertTensors(config: ModelConfig): ExpectedTensor[] {
	const { experts, hidden } = config;
	const { experts: layout } = familyOf(config).tensors;
	if (experts === null || layout === null) return [];
	const width = config.intermediate / experts.count;
	return layersOf(config).flatMap((layer): ExpectedTensor[] => {
		const at = layerPrefix(config, layer);
		if (layout.kind === 'each') {
			return numbersTo(experts.count).flatMap((expert) =>
				PARTS.map((part) => ({
					name: nameOfEach(at, layout, expert, part),
					shape: part === 'down' ? [hidden, width] : [width, hidden]
				}))
			);
		}
		const { count } = experts;
		const matrices = [
			{ name: `${at}${layout.gateUp}`, shape: [count, hidden, 2 * width] },
			{ name: `${at}${layout.down}`, shape: [count, width, hidden] }
		];
		if (!config.mlpBias) return matrices;
		return [
			...matrices,
			{ name: `${at}${layout.gateUp}_bias`, shape: [count, 2 * width] },
			{ name: `${at}${layout.down}_bias`, shape: [count, hidden] }
		];
	});
}

/**
 * The experts of each layer as one MLP, whose width is that of all of them: gates and ups one below the other, downs side by
 * side, once their tensors have the shapes expected.
 */
export function expertWeights(
	config: ModelConfig,
	tensors: ReadonlyMap<string, TensorEntry>
): Map<string, TensorEntry> {
	const found = new Map<string, TensorEntry>();
	const { experts } = config;
	const { experts: layout } = familyOf(config).tensors;
	if (experts === null || layout === null) return found;
	const stored = (name: string): TensorEntry => {
		const entry = tensors.get(name);
		if (entry === undefined) throw new RangeError(`${name} was not checked`);
		return entry;
	};
	const shapes = layerTensorShapes(config);
	for (const layer of layersOf(config)) {
		const at = layerPrefix(config, layer);
		const names = layerTensorNames(config, layer);
		for (const part of PARTS) {
			const name = names[part];
			if (name === undefined) continue;
			const shape = [...shapes[part]];
			const join = part === 'down' ? 'columns' : 'rows';
			const pieces =
				layout.kind === 'each'
					? numbersTo(experts.count).map((expert) => stored(nameOfEach(at, layout, expert, part)))
					: piecesOf(
							stored(`${at}${part === 'down' ? layout.down : layout.gateUp}`),
							experts,
							part
						);
			found.set(name, joined(name, shape, pieces, join));
		}
		if (layout.kind === 'each' || !config.mlpBias) continue;
		for (const role of BIASES) {
			const name = names[role];
			if (name === undefined) continue;
			const down = role === 'downBias';
			const whole = stored(`${at}${down ? layout.down : layout.gateUp}_bias`);
			const entry = { ...whole, name, shape: [...shapes[role]], of: whole.name };
			const first = role === 'gateBias' ? 0 : 1;
			found.set(name, down ? entry : { ...entry, pick: { kind: 'elements', first, step: 2 } });
		}
	}
	return found;
}

function joined(
	name: string,
	shape: number[],
	pieces: readonly TensorEntry[],
	join: 'rows' | 'columns'
): TensorEntry {
	const [first] = pieces;
	const byteLength = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
	return {
		...{ name, shape, dtype: first.dtype, of: first.of ?? first.name },
		...{ file: first.file, offset: first.offset, byteLength },
		pieces: { entries: pieces, join }
	};
}

/** The matrices of each expert, [outputs, inputs], within the tensor of all. */
function piecesOf(
	whole: TensorEntry,
	{ count }: Experts,
	part: (typeof PARTS)[number]
): TensorEntry[] {
	const [, inputs, total] = whole.shape;
	const step = part === 'down' ? 1 : 2;
	const first = part === 'up' ? 1 : 0;
	const shape = [total / step, inputs];
	const nameOf = (expert: number): string => `${whole.name}/${part}_${expert}`;
	if (whole.quantised !== undefined) {
		return quantisedMatrices(whole, whole.quantised).map((own, expert): TensorEntry => ({
			...{ ...own, name: nameOf(expert), shape },
			quantised: { ...own.quantised, firstRow: first, rowStep: step }
		}));
	}
	return numbersTo(count).map((expert): TensorEntry => {
		const own = { ...slice(whole, expert, count), name: nameOf(expert), shape, of: whole.name };
		return { ...own, pick: { kind: 'columns', total, first, step } };
	});
}

/**
 * The matrix of each expert within a quantised tensor [experts, inputs, outputs] of all. It is stored as [outputs, inputs],
 * that of one expert after that of the other.
 */
export function quantisedMatrices(
	whole: TensorEntry,
	quantised: QuantisedWeight
): (TensorEntry & { quantised: QuantisedWeight })[] {
	const [count, inputs, outputs] = whole.shape;
	return numbersTo(count).map((expert) => {
		const stored = Object.fromEntries(
			Object.entries(quantised.stored).map(([role, entry]) => [role, slice(entry, expert, count)])
		);
		return {
			...{ ...whole, name: `${whole.name}/${expert}`, of: whole.of ?? whole.name },
			...{ shape: [outputs, inputs], byteLength: whole.byteLength / count },
			quantised: { ...quantised, stored, rows: outputs, firstRow: 0, rowStep: 1 }
		};
	});
}

/** One of `count` equal parts of a tensor. */
function slice(entry: TensorEntry, part: number, count: number): TensorEntry {
	const byteLength = entry.byteLength / count;
	return { ...entry, offset: entry.offset + part * byteLength, byteLength };
}

function nameOfEach(
	prefix: string,
	layout: Extract<ExpertLayout, { kind: 'each' }>,
	expert: number,
	part: (typeof PARTS)[number]
): string {
	return `${prefix}${layout.at}.${expert}.${layout[part]}.weight`;
}

function layersOf({ layers }: ModelConfig): number[] {
	return numbersTo(layers);
}

function numbersTo(count: number): number[] {
	return Array.from({ length: count }, (_, index) => index);
}
