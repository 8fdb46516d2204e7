import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { decoderFeeds, emptySequence } from '../../../analysis/engine/onnxDecoder.ts';
import { createSession, floats } from '../../../analysis/engine/session.ts';
import {
	ModelProtoSchema,
	NodeProtoSchema,
	type GraphProto,
	type ModelProto
} from '../../../analysis/proto/onnx_pb.ts';
import { GraphView } from '../../../analysis/model/onnx/graphView.ts';
import { graphInputs } from '../../../analysis/model/onnx/inputs.ts';
import { smallDecoderBytes, type DecoderForm } from '../../builders/onnxDecoder.ts';
import { TINY_TOKENIZER_SIZE, tinyTokenizer } from '../../builders/tokenizer.ts';
import { mutateBytes } from '../mutateBytes.ts';
import type { Random } from '../random.ts';
import { Finding, refusedOr, type Outcome, type Target } from '../target.ts';
import { figuresOf, LOSS_TOLERANCE, type Figures } from './model.ts';

const FORMS: readonly DecoderForm[] = [
	'softmax',
	'guarded softmax',
	'Attention',
	'GroupQueryAttention',
	'packed GroupQueryAttention',
	'MultiHeadAttention'
];

/**
 * An ONNX model. A mutant is refused, or its loss is that of the logits which the file gives when it is run as it is,
 * and its attention has rows that sum to one.
 */
export class OnnxTarget implements Target {
	readonly name = 'onnx';
	#seeds: Uint8Array[] = [];

	async prepare(folder: string): Promise<void> {
		this.#seeds = FORMS.map((form) => smallDecoderBytes({ form }));
		await mkdir(folder, { recursive: true });
	}

	async try(random: Random, folder: string): Promise<Outcome> {
		const { bytes, change, wellFormed } = this.#mutant(random);
		const model = join(folder, 'mutant', 'model');
		await mkdir(model, { recursive: true });
		await writeFile(join(model, 'model.onnx'), bytes);
		await writeFile(join(model, 'tokenizer.json'), JSON.stringify(tinyTokenizer(true)));
		const found = await refusedOr(change, () => figuresOf(model));
		if (found === null) return { change, wellFormed, verdict: 'refused' };
		const expected = await plainLoss(bytes, found);
		if (!(Math.abs(expected - found.loss) <= LOSS_TOLERANCE * Math.max(1, expected))) {
			throw new Finding(
				`${change}: another number without a word: loss ${found.loss}; the model run as it is gives ${expected}`
			);
		}
		return { change, wellFormed, verdict: 'right' };
	}

	#mutant(random: Random): { bytes: Uint8Array; change: string; wellFormed: boolean } {
		const seed = random.int(this.#seeds.length);
		const form = FORMS[seed];
		if (random.chance(0.3)) {
			const { bytes, change } = mutateBytes(this.#seeds[seed], random);
			return { bytes, change: `${form}: ${change}`, wellFormed: false };
		}
		const proto = fromBinary(ModelProtoSchema, this.#seeds[seed]);
		const change = mutateModel(proto, random);
		return {
			bytes: toBinary(ModelProtoSchema, proto),
			change: `${form}: ${change}`,
			wellFormed: true
		};
	}
}

/** Mean nats/token of the windows of an analysis, from the logits of the model as it is. */
async function plainLoss(bytes: Uint8Array, { ids }: Figures): Promise<number> {
	const proto = fromBinary(ModelProtoSchema, bytes);
	const graph = proto.graph;
	const logits = graph?.output.find(({ name }) => /logits/i.test(name))?.name;
	if (graph === undefined || logits === undefined)
		throw new Finding('read, though it has no logits');
	const inputs = graphInputs(new GraphView(graph), 'mutant');
	// What a file declares of its outputs, onnxruntime works out by itself.
	for (const output of graph.output) output.type = undefined;
	const session = await createSession(toBinary(ModelProtoSchema, proto));
	try {
		let sum = 0;
		let count = 0;
		for (const window of ids) {
			const outputs = await session.run(decoderFeeds(inputs, emptySequence(inputs), window), [
				logits
			]);
			const values = floats(outputs, logits);
			for (let at = 0; at + 1 < window.length; at++) {
				sum += nats(values.subarray(at * TINY_TOKENIZER_SIZE), window[at + 1]);
				count++;
			}
		}
		return sum / count;
	} finally {
		await session.release();
	}
}

/** −log softmax of the logits at `id`, in float64. */
function nats(logits: Float32Array, id: number): number {
	let largest = -Infinity;
	for (let i = 0; i < TINY_TOKENIZER_SIZE; i++) largest = Math.max(largest, logits[i]);
	let sum = 0;
	for (let i = 0; i < TINY_TOKENIZER_SIZE; i++) sum += Math.exp(logits[i] - largest);
	return largest + Math.log(sum) - logits[id];
}

/** Changes one thing that the model says, so that it stays a model of the same file format. */
function mutateModel(proto: ModelProto, random: Random): string {
	const graph = proto.graph;
	if (graph === undefined) return 'nothing';
	const node = random.pick(graph.node);
	const named = `${node.opType} ${node.name}`;
	switch (
		random.pick(['attribute', 'weights', 'input', 'remove', 'names', 'shape', 'opset', 'type'])
	) {
		case 'attribute': {
			const attribute = node.attribute.length > 0 ? random.pick(node.attribute) : null;
			if (attribute === null) break;
			attribute.i += random.pick([1n, -1n, 7n]);
			attribute.f *= random.pick([0.5, 2, -1]);
			return `attribute ${attribute.name} of ${named}`;
		}
		case 'weights': {
			const [one, other] = [random.pick(graph.initializer), random.pick(graph.initializer)];
			if (one.dims.join() !== other.dims.join() || one.dataType !== other.dataType) break;
			[one.rawData, other.rawData] = [other.rawData, one.rawData];
			return `weights of ${one.name} and ${other.name} swapped`;
		}
		case 'input': {
			if (node.input.length < 2) break;
			const [a, b] = [random.int(node.input.length), random.int(node.input.length)];
			[node.input[a], node.input[b]] = [node.input[b], node.input[a]];
			return `inputs ${a} and ${b} of ${named} swapped`;
		}
		case 'remove':
			return bypass(graph, random);
		case 'names':
			node.name = random.pick([
				'',
				'x',
				'\u001b[31m',
				'/model/layers.7/attn/MatMul',
				graph.node[0].name
			]);
			return `${named} renamed`;
		case 'shape': {
			const tensor = random.pick(graph.initializer);
			tensor.dims = [...tensor.dims].reverse();
			return `dimensions of ${tensor.name} reversed`;
		}
		case 'opset':
			random.pick(proto.opsetImport).version += random.pick([-3n, -1n, 1n, 3n]);
			return 'another version of the operators';
		default: {
			const info = random.pick([...graph.input, ...graph.output]);
			if (info.type?.value.case !== 'tensorType') break;
			info.type.value.value.elemType = random.pick([1, 6, 7, 10, 11, 16]);
			return `type of ${info.name}`;
		}
	}
	graph.name = 'changed';
	return 'the graph renamed';
}

/** Takes a node out; what read its first output reads its first input. */
function bypass(graph: GraphProto, random: Random): string {
	const at = random.int(graph.node.length);
	const [gone] = graph.node.splice(at, 1);
	const identity = create(NodeProtoSchema, {
		opType: 'Identity',
		name: gone.name,
		input: gone.input.slice(0, 1),
		output: gone.output.slice(0, 1)
	});
	graph.node.splice(at, 0, identity);
	return `${gone.opType} ${gone.name} became Identity`;
}
