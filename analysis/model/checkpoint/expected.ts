import { familyOf } from './families.ts';
import type { LayerPart } from './layout.ts';
import type { ModelConfig } from './types.ts';

/** Roles of tensors in a layer: its parts, and their biases. */
export type LayerRole = LayerPart | `${LayerPart}Bias`;

/** Names of one layer's tensors by the part they play; those that the model does not have are not there. */
export type LayerTensorNames = Partial<Record<LayerRole, string>> & {
	q: string;
	k: string;
	v: string;
	o: string;
	up: string;
	down: string;
};

/** Names of the tensors outside the layers. */
export interface ModelTensorNames {
	embedding: string;
	/** Embeddings of positions; null: the model has none. */
	positions: string | null;
	/** null: the final norm has no weight. */
	finalNorm: string | null;
	finalNormBias: string | null;
	/** The embedding again where the two are tied. */
	outputEmbedding: string;
}

const PROJECTIONS = ['q', 'k', 'v', 'o', 'up', 'down'] as const;

/** Parts of a layer that a model has, each with whether it has a bias. */
function partsOf(config: ModelConfig): [LayerPart, boolean][] {
	const { block, qkvBias, outputBias, mlpBias, experts } = config;
	const norm = (part: LayerPart, there: boolean): [LayerPart, boolean][] =>
		there && block.normWeight ? [[part, block.normBias]] : [];
	return [
		...norm('inputNorm', block.normsBefore),
		['q', qkvBias],
		['k', qkvBias],
		['v', qkvBias],
		...norm('qNorm', config.qkNorm),
		...norm('kNorm', config.qkNorm),
		...(config.sinks ? ([['sinks', false]] as [LayerPart, boolean][]) : []),
		['o', outputBias],
		...norm('attentionNorm', block.normsAfter),
		...norm('postNorm', block.normsBefore),
		...(experts === null ? [] : ([['router', mlpBias]] as [LayerPart, boolean][])),
		...(block.gated ? ([['gate', mlpBias]] as [LayerPart, boolean][]) : []),
		['up', mlpBias],
		['down', mlpBias],
		...norm('mlpNorm', block.normsAfter)
	];
}

/** Begins the names of a layer's tensors (0-based). */
export function layerPrefix(config: ModelConfig, layer: number): string {
	const { prefix, layers } = familyOf(config).tensors;
	return `${prefix}${layers}.${layer}.`;
}

/** The tensors of layer `layer` (0-based), by role; what lies in a fused tensor has the name that it would have alone. */
export function layerTensorNames(config: ModelConfig, layer: number): LayerTensorNames {
	const { roles } = familyOf(config).tensors;
	const at = layerPrefix(config, layer);
	const names: Partial<Record<LayerRole, string>> = {};
	for (const [part, biased] of partsOf(config)) {
		const name = roles[part];
		if (name === undefined) throw new RangeError(`${config.architecture} has no name for ${part}`);
		names[part] = part === 'sinks' ? `${at}${name}` : `${at}${name}.weight`;
		if (biased) names[`${part}Bias`] = `${at}${name}.bias`;
	}
	const [q, k, v, o, up, down] = PROJECTIONS.map((part) => names[part] ?? '');
	return { ...names, q, k, v, o, up, down };
}

export function modelTensorNames(config: ModelConfig): ModelTensorNames {
	const layout = familyOf(config).tensors;
	const { prefix, positions, finalNorm, head } = layout;
	const { normWeight, normBias } = config.block;
	const embedding = `${prefix}${layout.embedding}.weight`;
	return {
		embedding,
		positions: positions === null ? null : `${prefix}${positions}.weight`,
		finalNorm: normWeight ? `${prefix}${finalNorm}.weight` : null,
		finalNormBias: normBias ? `${prefix}${finalNorm}.bias` : null,
		outputEmbedding: config.tied ? embedding : `${head}.weight`
	};
}

/** Shape of each role of a layer; matrices are [outputs, inputs], as PyTorch stores them. */
export function layerTensorShapes(config: ModelConfig): Record<LayerRole, readonly number[]> {
	const { hidden, headDim, intermediate } = config;
	const experts = config.experts?.count ?? 0;
	const query = config.heads * headDim;
	const key = config.kvHeads * headDim;
	const together = config.block.qkNormOver === 'all heads';
	const norm = { q: together ? query : headDim, k: together ? key : headDim };
	return {
		inputNorm: [hidden],
		inputNormBias: [hidden],
		q: [query, hidden],
		k: [key, hidden],
		v: [key, hidden],
		qBias: [query],
		kBias: [key],
		vBias: [key],
		qNorm: [norm.q],
		kNorm: [norm.k],
		qNormBias: [norm.q],
		kNormBias: [norm.k],
		o: [hidden, query],
		oBias: [hidden],
		sinks: [config.heads],
		sinksBias: [],
		router: [experts, hidden],
		routerBias: [experts],
		attentionNorm: [hidden],
		attentionNormBias: [hidden],
		postNorm: [hidden],
		postNormBias: [hidden],
		gate: [intermediate, hidden],
		up: [intermediate, hidden],
		down: [hidden, intermediate],
		gateBias: [intermediate],
		upBias: [intermediate],
		downBias: experts === 0 ? [hidden] : [experts, hidden],
		mlpNorm: [hidden],
		mlpNormBias: [hidden]
	};
}

/** Tensors that a follower does not need: those of queries and keys and all that belongs to them. */
export const ATTENTION_ONLY: readonly LayerRole[] = [
	'q',
	'k',
	'qBias',
	'kBias',
	'qNorm',
	'kNorm',
	'qNormBias',
	'kNormBias',
	'sinks'
];

/** Tensors that a dropped layer keeps; the norm of the attention block is for what stands in for it. */
export const FEED_FORWARD: readonly LayerRole[] = [
	'attentionNorm',
	'attentionNormBias',
	'postNorm',
	'postNormBias',
	'router',
	'routerBias',
	'gate',
	'up',
	'down',
	'gateBias',
	'upBias',
	'downBias',
	'mlpNorm',
	'mlpNormBias'
];

/** Returns true if a layer needs the tensor of a role. Followers and dropped layers (`source` null) need fewer. */
export function needsRole(role: LayerRole, layer: number, source: number | null): boolean {
	if (source === layer) return true;
	return source === null ? FEED_FORWARD.includes(role) : !ATTENTION_ONLY.includes(role);
}

/** The module of a layer's output projection in the files: its name, and whether its weight is stored as [inputs, outputs]. */
export function outputProjection(
	config: ModelConfig,
	layer: number
): { name: string; turned: boolean } {
	const { fused, roles } = familyOf(config).tensors;
	const within = fused.find(({ parts }) => parts.includes('o'));
	const name = `${layerPrefix(config, layer)}${within?.stored ?? roles.o ?? ''}`;
	return { name, turned: within?.order === 'columns' };
}

/** Name of what stands in for the output of a dropped layer's attention, [hidden], where it is there. */
export function meanOutputName(config: ModelConfig, layer: number): string {
	return `${outputProjection(config, layer).name}.bias`;
}

/** A tensor that the engine reads, and its shape. */
export interface ExpectedTensor {
	name: string;
	shape: number[];
}

/** Every weight the engine reads of a model with this config, and its shape; those within fused tensors are named alone. */
export function expectedWeights(config: ModelConfig): ExpectedTensor[] {
	const outside = modelTensorNames(config);
	const shapes = layerTensorShapes(config);
	const { vocab, hidden, maxPositions } = config;
	const tensors = new Map<string, number[]>([[outside.embedding, [vocab, hidden]]]);
	if (outside.positions !== null) tensors.set(outside.positions, [maxPositions, hidden]);
	for (const name of [outside.finalNorm, outside.finalNormBias]) {
		if (name !== null) tensors.set(name, [hidden]);
	}
	tensors.set(outside.outputEmbedding, [vocab, hidden]);
	for (let layer = 0; layer < config.layers; layer++) {
		const source = config.shared === null ? layer : config.shared.sources[layer];
		const names = layerTensorNames(config, layer);
		for (const role of Object.keys(shapes) as LayerRole[]) {
			const name = names[role];
			if (name !== undefined && needsRole(role, layer, source))
				tensors.set(name, [...shapes[role]]);
		}
	}
	return [...tensors].map(([name, shape]) => ({ name, shape }));
}
