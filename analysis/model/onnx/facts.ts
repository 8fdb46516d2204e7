import type { ModelFacts } from '../checkpoint/types.ts';
import { InputError } from '../../errors.ts';
import { integerOf, type GraphView } from './graphView.ts';
import type { FoundOnnx } from './open.ts';
import type { OnnxModel } from './read.ts';
import { weightFacts } from './weights.ts';
import { shownWindows } from './windows.ts';

/** Limit on positions if neither config.json nor the graph names one; in practice, memory is the limit. */
const NO_LIMIT = 2 ** 31 - 1;

/**
 * The facts that runs and plans carry, from the graph where it tells them and else from config.json. Throws
 * InputError for one that neither tells.
 */
export function onnxFacts({ onnx, view, layers, config, logits, windows }: FoundOnnx): ModelFacts {
	const embedding = embeddingShape(view);
	const known = <T>(fact: string, ...values: (T | null | undefined)[]): T => {
		const value = values.find((each) => each != null);
		if (value != null) return value;
		const files = config === null ? 'there is no config.json' : 'config.json does not say';
		throw new InputError(
			`${onnx.file}: ${fact} cannot be told from the graph, and ${files}; expected config.json or genai_config.json beside it or one folder up`
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
		reach: shownWindows(windows),
		qkvBias: config?.qkvBias ?? false,
		outputBias: config?.outputBias ?? false,
		qkNorm: config?.qkNorm ?? false,
		parameters,
		bytes: onnx.bytes,
		dtype
	};
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
	const matrices = [
		...graph.initializer.map(({ dims }) => dims.map(Number)),
		...graph.node.flatMap((node) =>
			node.opType === 'MatMulNBits' ? [[integerOf(node, 'K') ?? 0, integerOf(node, 'N') ?? 0]] : []
		)
	];
	for (const sizes of matrices) {
		if (sizes.length !== 2 || !sizes.includes(hidden)) continue;
		const other = sizes[0] === hidden ? sizes[1] : sizes[0];
		if (other > hidden) counts.set(other, (counts.get(other) ?? 0) + 1);
	}
	return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
}
