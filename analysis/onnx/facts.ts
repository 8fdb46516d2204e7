import type { ModelFacts } from '../checkpoint/types.ts';
import { InputError } from '../errors.ts';
import type { DecoderConfig } from './config.ts';
import type { GraphView } from './graphView.ts';
import type { OnnxModel } from './read.ts';
import type { AttentionLayer } from './types.ts';
import { weightFacts } from './weights.ts';

/** Where neither config.json nor the graph names a limit, the memory does. */
const NO_LIMIT = 2 ** 31 - 1;

/**
 * The facts that runs and plans carry, from the graph where it tells them and else from config.json. Throws
 * InputError for one that neither tells.
 */
export function onnxFacts(
	onnx: OnnxModel,
	view: GraphView,
	layers: readonly AttentionLayer[],
	config: DecoderConfig | null,
	logits: string | null
): ModelFacts {
	const embedding = embeddingShape(view);
	const known = <T>(fact: string, ...values: (T | null | undefined)[]): T => {
		const value = values.find((each) => each != null);
		if (value != null) return value;
		const config_ = config === null ? 'config.json is not there' : 'config.json does not say';
		throw new InputError(
			`${onnx.file}: ${fact} cannot be told from the graph, and ${config_}; expected config.json beside it or one folder up`
		);
	};
	const same = (values: (number | null)[]): number | null =>
		values.every((value) => value === values[0]) ? values[0] : null;
	const heads = known(
		'the number of heads',
		same(layers.map((layer) => layer.heads)),
		config?.heads
	);
	const hidden = known('the hidden size', embedding?.[1], config?.hidden);
	const lastSize = logits === null ? null : view.shape(logits)?.at(-1);
	const { parameters, dtype } = weightFacts(onnx.graph);
	return {
		architecture: config?.architecture ?? 'ONNX',
		layers: layers.length,
		heads,
		kvHeads: config?.kvHeads ?? same(layers.map((layer) => layer.kvHeads)) ?? heads,
		headDim:
			same(layers.map((layer) => layer.headDim)) ?? config?.headDim ?? Math.floor(hidden / heads),
		hidden,
		intermediate: known('the width of the MLP', config?.intermediate, widestBeside(onnx, hidden)),
		vocab: known(
			'the size of the vocabulary',
			typeof lastSize === 'number' ? lastSize : null,
			config?.vocab,
			embedding?.[0]
		),
		maxPositions: config?.maxPositions ?? NO_LIMIT,
		reach: reachOf(layers, config),
		qkvBias: config?.qkvBias ?? false,
		outputBias: config?.outputBias ?? false,
		qkNorm: config?.qkNorm ?? false,
		parameters,
		bytes: onnx.bytes,
		dtype
	};
}

/** Per layer, what the nodes say of their windows where any does; else what config.json says. */
export function reachOf(
	layers: readonly AttentionLayer[],
	config: DecoderConfig | null
): (number | null)[] {
	const said = config?.reach;
	const silent = layers.every(({ window }) => window === null);
	if (silent && said?.length === layers.length) return said;
	return layers.map(({ window }) => window);
}

/** [vocabulary, hidden] of the table that ids are looked up in; null: it is none of plain rows. */
function embeddingShape(view: GraphView): [number, number] | null {
	for (const node of view.graph.node) {
		if (node.opType !== 'Gather' || node.input[1] !== 'input_ids') continue;
		const dims = view.initializer(node.input[0])?.dims.map(Number);
		if (dims?.length === 2) return [dims[0], dims[1]];
	}
	return null;
}

/** Of all matrices from or to the hidden size the most frequent other size that is larger: the MLP's. */
function widestBeside({ graph }: OnnxModel, hidden: number): number | null {
	const counts = new Map<number, number>();
	for (const { dims } of graph.initializer) {
		const sizes = dims.map(Number);
		if (sizes.length !== 2 || !sizes.includes(hidden)) continue;
		const other = sizes[0] === hidden ? sizes[1] : sizes[0];
		if (other > hidden) counts.set(other, (counts.get(other) ?? 0) + 1);
	}
	return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
}
