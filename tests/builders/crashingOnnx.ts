import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toBinary } from '@bufbuild/protobuf';
import { BOOL, GraphBuilder, MICROSOFT } from '../../analysis/proto/builder.ts';
import { ModelProtoSchema, type ModelProto, type NodeProto } from '../../analysis/proto/onnx_pb.ts';
import { SIZES, smallDecoder } from './onnxDecoder.ts';
import { tinyTokenizer } from './tokenizer.ts';

/**
 * A valid ONNX decoder that onnxruntime opens, and ends its process by SIGSEGV as it runs it (1.30): com.microsoft's
 * Attention may come without biases, but the CPU kernel reads their shape all the same. The node stands in a branch
 * behind the last layer, so that it is none of the model's layers.
 */
export function crashingDecoder(): ModelProto {
	const model = smallDecoder({ form: 'softmax' });
	const last = model.graph?.node.pop();
	if (last === undefined) throw new TypeError('no nodes');
	const [hidden] = last.input;
	last.input[0] = 'odd';
	model.graph?.node.push(...attendWithoutBias(hidden), last);
	return model;
}

/** Writes it as a model that can be analysed, with a config.json and a tokenizer. */
export async function writeCrashingModel(folder: string): Promise<void> {
	const { layers, heads, kvHeads, hidden } = SIZES;
	const config = {
		model_type: 'llama',
		num_hidden_layers: layers,
		num_attention_heads: heads,
		num_key_value_heads: kvHeads,
		hidden_size: hidden,
		intermediate_size: 4 * hidden
	};
	await mkdir(folder, { recursive: true });
	await writeFile(join(folder, 'model.onnx'), toBinary(ModelProtoSchema, crashingDecoder()));
	await writeFile(join(folder, 'config.json'), JSON.stringify(config));
	await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tinyTokenizer(true)));
}

function attendWithoutBias(hidden: string): NodeProto[] {
	const within = new GraphBuilder('without bias', 'odd/');
	const columns = 3 * SIZES.hidden;
	const weight = within.constant('odd/weight', new Float32Array(SIZES.hidden * columns), [
		SIZES.hidden,
		columns
	]);
	const attended = within.node('odd/attention', 'Attention', [hidden, weight], {
		domain: MICROSOFT,
		attributes: { num_heads: BigInt(SIZES.heads), unidirectional: 1n }
	});
	const otherwise = new GraphBuilder('otherwise', 'otherwise/');
	const same = otherwise.node('otherwise/same', 'Identity', [hidden]);
	const around = new GraphBuilder('around', 'odd/');
	const tokens = around.node('odd/tokens', 'Size', ['input_ids']);
	const any = around.node('odd/any', 'Cast', [tokens], { attributes: { to: BigInt(BOOL) } });
	around.node('odd', 'If', [any], {
		outputs: ['odd'],
		attributes: { then_branch: within.branch([attended]), else_branch: otherwise.branch([same]) }
	});
	return around.parts().node;
}
