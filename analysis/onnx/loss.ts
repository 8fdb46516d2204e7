import { FLOAT, type GraphBuilder } from '../graph/builder.ts';
import { checkEveryLogit } from './logits.ts';
import type { OpenedOnnx } from './open.ts';

/** Output that holds the loss of every token after the first, float32 [1, S − 1, 1]. */
export const LOSS = 'spanwise.loss';

/** Since this version of the standard operators axes of a reduction are an input; before, an attribute. */
const AXES_ARE_INPUT = 18;

/**
 * Adds the natural-log loss of each token given those before it: the log-sum-exp of the logits before it less
 * its own logit. No logit leaves onnxruntime. Throws InputError where the model has no logits of every token.
 */
export function addLoss(
	graph: GraphBuilder,
	model: OpenedOnnx,
	ids: string,
	context: number
): void {
	checkEveryLogit(model);
	const { logits, onnx } = model;
	const name = 'spanwise.loss';
	const slice = (part: string, value: string, start: number, end: number) =>
		graph.node(`${name}.${part}`, 'Slice', [
			value,
			graph.integers(start),
			graph.integers(end),
			graph.integers(1)
		]);
	const before = slice('before', logits, 0, context - 1);
	const wide = graph.node(`${name}.float32`, 'Cast', [before], {
		attributes: { to: BigInt(FLOAT) }
	});
	const tokens = graph.node(`${name}.tokens`, 'Reshape', [
		slice('after', ids, 1, context),
		graph.integers(1, -1, 1)
	]);
	const all =
		onnx.opset >= AXES_ARE_INPUT
			? graph.node(`${name}.sum`, 'ReduceLogSumExp', [wide, graph.integers(-1)])
			: graph.node(`${name}.sum`, 'ReduceLogSumExp', [wide], { attributes: { axes: [-1n] } });
	const own = graph.node(`${name}.own`, 'GatherElements', [wide, tokens], {
		attributes: { axis: 2n }
	});
	graph.node(name, 'Sub', [all, own], { outputs: [LOSS] });
	graph.output(LOSS, [1, context - 1, 1]);
}
