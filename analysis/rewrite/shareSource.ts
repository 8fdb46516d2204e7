import { InputError } from '../errors.ts';
import { FLOAT, valueInfo } from '../proto/builder.ts';
import { NodeProtoSchema } from '../proto/onnx_pb.ts';
import { withInteger } from '../model/onnx/attributes.ts';
import { partsOf } from '../model/onnx/contribAttention.ts';
import { writeOut } from '../graph/tapped/contribWritten.ts';
import { withFields } from '../model/onnx/copy.ts';
import { floatTypeOf } from '../model/onnx/floatType.ts';
import { integerOf } from '../model/onnx/graphView.ts';
import type { GraphRewrite } from './rewrite.ts';
import type { AttentionLayer } from '../model/onnx/types.ts';

/** Place of the output for scores or probabilities in every node that has one. */
const SCORES_OUTPUT = 3;
/** Place of the values among MultiHeadAttention's inputs; packed, they come in the first. */
const VALUE = 2;

/**
 * Makes a layer's probabilities a value of the graph, [B, H, S, keys], and returns its name; where they are one
 * already, nothing changes. Throws InputError where they cannot be had.
 */
export function exposeProbabilities(rewrite: GraphRewrite, attention: AttentionLayer): string {
	const { layer, node, probabilities } = attention;
	if (probabilities.how === 'value') return probabilities.value;
	if (probabilities.how === 'none') throw refusal(attention, probabilities.reason);
	const original = rewrite.view.node(node);
	const name = `${rewrite.prefix}layer.${layer}`;
	if (probabilities.how === 'written') {
		const written = rewrite.builder();
		const value = writeOut(written, name, partsOf(rewrite.view, attention));
		rewrite.replace(node, written);
		return value;
	}
	const own = original.output[SCORES_OUTPUT] || `${name}.scores`;
	const output = Array.from({ length: SCORES_OUTPUT }, (_, at) => original.output[at] ?? '');
	if (probabilities.how === 'scores') {
		// onnxruntime cannot tell the type of this output by itself.
		if (own !== original.output[SCORES_OUTPUT]) {
			rewrite.declare(valueInfo(own, FLOAT, ['batch', 'heads', 'queries', 'keys']));
		}
		const softmax = rewrite.builder();
		const value = softmax.node(`${name}.softmax`, 'Softmax', [own], { attributes: { axis: -1n } });
		const changed = withFields(NodeProtoSchema, original, { output: [...output, own] });
		// The scores are float32 in a model of float16 too; what they are multiplied with is not.
		const type = floatTypeOf(rewrite.view, original.input[VALUE] || original.input[0]) ?? FLOAT;
		const typed =
			type === FLOAT
				? value
				: softmax.node(`${name}.cast`, 'Cast', [value], { attributes: { to: BigInt(type) } });
		rewrite.replace(node, changed, softmax);
		return typed;
	}
	const { attribute } = probabilities;
	const before = integerOf(original, attribute.name);
	if (original.output[SCORES_OUTPUT] && before !== attribute.value) {
		throw refusal(
			attention,
			`it puts out something else already (${attribute.name} ${before ?? 'left out'})`
		);
	}
	rewrite.replace(
		node,
		withFields(NodeProtoSchema, original, {
			output: [...output, own],
			attribute: withInteger(original.attribute, attribute)
		})
	);
	return own;
}

function refusal({ layer, operator, name }: AttentionLayer, reason: string): InputError {
	return new InputError(
		`layer ${layer}: ${operator} ${name}: attention probabilities are not available: ${reason}`
	);
}
