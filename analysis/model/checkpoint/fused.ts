import { OwnEngineRefusal } from './ownEngineRefusal.ts';
import {
	expectedWeights,
	layerPrefix,
	layerTensorNames,
	layerTensorShapes,
	needsRole,
	type ExpectedTensor
} from './expected.ts';
import { expertNames, expertTensors } from './experts.ts';
import { familyOf } from './families.ts';
import type { FusedTensor } from './layout.ts';
import type { ModelConfig, TensorEntry, TensorPick } from './types.ts';

/** A tensor of the file and the weights within it, in their order. */
interface Fused extends ExpectedTensor {
	order: FusedTensor['order'];
	/** Heads, of parts that lie in turns. */
	heads: number;
	parts: ExpectedTensor[];
}

/** Every tensor that a checkpoint with this config has in its files for the engine, and its shape. */
export function expectedTensors(config: ModelConfig): ExpectedTensor[] {
	const fused = fusedTensors(config);
	const within = new Set(fused.flatMap(({ parts }) => parts.map(({ name }) => name)));
	for (const name of expertNames(config)) within.add(name);
	const alone = expectedWeights(config).filter(({ name }) => !within.has(name));
	return [...alone, ...fused.map(({ name, shape }) => ({ name, shape })), ...expertTensors(config)];
}

/** Weights within larger tensors, by the names that they would have alone, once those tensors have the shapes expected. */
export function fusedWeights(
	config: ModelConfig,
	tensors: ReadonlyMap<string, TensorEntry>
): Map<string, TensorEntry> {
	const found = new Map<string, TensorEntry>();
	for (const fused of fusedTensors(config)) {
		const stored = tensors.get(fused.name);
		if (stored === undefined) throw new RangeError(`${fused.name} was not checked`);
		for (const index of fused.parts.keys()) {
			const entry = partOf(stored, fused, index);
			found.set(entry.name, entry);
		}
	}
	return found;
}

function fusedTensors(config: ModelConfig): Fused[] {
	const { fused } = familyOf(config).tensors;
	const shapes = layerTensorShapes(config);
	const layers = Array.from({ length: config.layers }, (_, layer) => layer);
	return layers.flatMap((layer) => {
		const names = layerTensorNames(config, layer);
		const source = config.shared === null ? layer : config.shared.sources[layer];
		// Of a tensor that a follower needs a part of, that part lies alone.
		const whole = fused.filter(({ parts }) =>
			parts.every((part) => needsRole(part, layer, source))
		);
		return whole.flatMap(({ stored, parts, order }) =>
			(['weight', 'bias'] as const).flatMap((kind): Fused[] => {
				const within = parts.flatMap((part) => {
					const role = kind === 'weight' ? part : (`${part}Bias` as const);
					const name = names[role];
					return name === undefined ? [] : [{ name, shape: [...shapes[role]] }];
				});
				if (within.length === 0) return [];
				const rows = within.reduce((sum, { shape }) => sum + shape[0], 0);
				const inputs = within[0].shape.at(1);
				const turned = order === 'columns' && kind === 'weight';
				const shape = inputs === undefined ? [rows] : turned ? [inputs, rows] : [rows, inputs];
				const name = `${layerPrefix(config, layer)}${stored}.${kind}`;
				const usual = order === 'columns' && kind === 'bias' ? 'rows' : order;
				return [{ name, shape, order: usual, heads: config.heads, parts: within }];
			})
		);
	});
}

function partOf(stored: TensorEntry, { order, heads, parts }: Fused, index: number): TensorEntry {
	const { name, shape } = parts[index];
	const before = parts.slice(0, index).reduce((sum, part) => sum + part.shape[0], 0);
	const entry = { ...stored, name, shape, of: stored.name };
	if (stored.quantised !== undefined) {
		if (order === 'rows') return { ...entry, quantised: { ...stored.quantised, firstRow: before } };
		throw new OwnEngineRefusal(
			stored.file,
			`${stored.name} is ${stored.dtype}`,
			`${order === 'columns' ? 'a matrix that is stored turned' : 'a matrix of several in turns'} is only read where it is not quantised`
		);
	}
	if (order === 'rows') {
		const rowBytes = stored.byteLength / stored.shape[0];
		return { ...entry, offset: stored.offset + before * rowBytes, byteLength: shape[0] * rowBytes };
	}
	const pick: TensorPick =
		order === 'columns'
			? { kind: 'columns', total: stored.shape[1], first: before, step: 1 }
			: { kind: 'rows of groups', groups: heads, parts: parts.length, part: index };
	return { ...entry, pick };
}
