import { toBinary } from '@bufbuild/protobuf';
import { FLOAT, GraphBuilder } from '../../proto/builder.ts';
import { ModelProtoSchema, type GraphProto } from '../../proto/onnx_pb.ts';
import { withFields } from '../../model/onnx/copy.ts';
import { GraphView } from '../../model/onnx/graphView.ts';
import { graphInputs } from '../../model/onnx/inputs.ts';
import type { OpenedOnnx } from '../../model/onnx/open.ts';
import { emptyCaches, exposeOutputs, type CopiedModel } from './exposeOutputs.ts';

/** Output that holds the logits of every token, float32 [1, S, vocab]. */
export const LOGITS = 'spanwise.logits';

/**
 * Copies a model's proto so that it outputs its logits and nothing else; the cache is of length 0, and what that
 * does not need is left out. `graph` is the model's own, or as it is with a plan, its cut weights in their places.
 * Windows may be of any length that the model takes.
 */
export function logitsModel({ onnx, logits, caches }: OpenedOnnx, graph: GraphProto): CopiedModel {
	const view = new GraphView(graph);
	const inputs = graphInputs(view, onnx.file, caches);
	const builder = new GraphBuilder('logits', 'spanwise.');
	exposeLogits(builder, logits);
	const fed = inputs.filter(({ role }) => role !== 'past');
	const taken = new Set(fed.map(({ name }) => name));
	const { node, output } = builder.parts();
	const added = {
		node,
		output,
		input: graph.input.filter(({ name }) => taken.has(name)),
		initializer: emptyCaches(inputs)
	};
	return {
		bytes: toBinary(
			ModelProtoSchema,
			withFields(ModelProtoSchema, onnx.proto, {
				graph: exposeOutputs(graph, onnx.external, added)
			})
		),
		dataFolder: onnx.external.root,
		inputs: fed
	};
}

/** Makes the value that holds a model's logits an output, LOGITS. */
export function exposeLogits(builder: GraphBuilder, logits: string): void {
	builder.node(LOGITS, 'Cast', [logits], {
		outputs: [LOGITS],
		attributes: { to: BigInt(FLOAT) }
	});
	builder.output(LOGITS, ['batch', 'tokens', 'vocabulary']);
}
