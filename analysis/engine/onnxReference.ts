import * as ort from 'onnxruntime-node';
import type { GraphInput } from '../model/onnx/inputs.ts';
import { graphInputs } from '../model/onnx/inputs.ts';
import type { FoundOnnx } from '../model/onnx/open.ts';
import type { PlannedAttention } from '../rewrite/shareCheck.ts';
import {
	referenceStage,
	type ReferenceGoal,
	type ReferenceStage
} from '../rewrite/shareReference.ts';
import type { AttentionLayer } from '../model/onnx/types.ts';
import { decoderFeeds, emptySequence } from './onnxDecoder.ts';
import { createSession, floats, tensor, type Tensors } from './session.ts';

/** A float32 value with its dimensions. */
interface Value {
	data: Float32Array;
	dims: readonly number[];
}

/**
 * Logits [S, vocab] of a model under a plan, worked out apart from how the plan is written into a graph: the model as
 * it was is run up to each follower in turn, source's probabilities and follower's values are read off, their
 * product is made here in double precision, and fed in the place of what the follower attended.
 */
export async function referenceLogits(
	model: FoundOnnx,
	logits: string,
	planned: PlannedAttention,
	ids: readonly number[]
): Promise<Float32Array> {
	const { layers, view, onnx, caches } = model;
	const { sources, headMaps } = planned;
	const inputs = graphInputs(view, onnx.file, caches);
	const dropped = layers.filter(({ layer }) => sources[layer] === null);
	const followed = new Set(sources.filter((source, layer) => source !== layer));
	const computing = layers.filter(({ layer }) => followed.has(layer));
	const fed: AttentionLayer[] = [];
	const attended: Value[] = [];
	const stage = (goal: ReferenceGoal): Promise<Value[]> =>
		runStage(
			referenceStage(model, goal, { fed, dropped, sources: computing }),
			inputs,
			attended,
			ids
		);
	for (const follower of layers) {
		const source = sources[follower.layer];
		if (source === null || source === follower.layer) continue;
		const [probabilities, values] = await stage({ follower, source: layers[source] });
		const mixed = mix(probabilities, values, follower, headMaps[follower.layer]);
		fed.push(follower);
		attended.push(mixed);
	}
	const [{ data }] = await stage({ logits });
	return data;
}

async function runStage(
	stage: ReferenceStage,
	inputs: readonly GraphInput[],
	attended: readonly Value[],
	ids: readonly number[]
): Promise<Value[]> {
	const kept = inputs.filter(({ name }) => stage.kept.has(name));
	const feeds: Tensors = decoderFeeds(kept, emptySequence(kept), ids);
	for (const [at, name] of stage.inputs.entries()) {
		feeds[name] = tensor(attended[at].data, attended[at].dims);
	}
	const session = await createSession(stage.bytes, 'rest', stage.dataFolder);
	try {
		const outputs = await session.run(feeds, stage.outputs);
		return stage.outputs.map((name) => {
			const value = outputs[name];
			return { data: floats(outputs, name), dims: value instanceof ort.Tensor ? value.dims : [] };
		});
	} finally {
		await session.release();
	}
}

/**
 * Probabilities [1, H, S, T] times values [1, KV, T, D] or [1, T, KV · D]: [1, H, S, D] where the layer's product or
 * node puts it out so, else [1, S, H · D].
 */
function mix(
	probabilities: Value,
	values: Value,
	{ form, kvHeads }: AttentionLayer,
	headMap: readonly number[] | null
): Value {
	const [, heads, queries, keys] = probabilities.dims;
	const inHeads = values.dims.length === 4;
	const valueHeads = inHeads ? values.dims[1] : (kvHeads ?? heads);
	const width = inHeads ? values.dims[3] : values.dims[2] / valueHeads;
	const headsFirst = inHeads && (form === 'Softmax' || form === 'Attention');
	const mixed = new Float32Array(heads * queries * width);
	for (let head = 0; head < heads; head++) {
		const from = headMap?.[head] ?? head;
		const own = Math.floor((head * valueHeads) / heads);
		for (let query = 0; query < queries; query++) {
			const row = probabilities.data.subarray((from * queries + query) * keys);
			for (let at = 0; at < width; at++) {
				let sum = 0;
				for (let key = 0; key < keys; key++) {
					const place = inHeads
						? (own * keys + key) * width + at
						: (key * valueHeads + own) * width + at;
					sum += row[key] * values.data[place];
				}
				const to = headsFirst ? head * queries + query : query * heads + head;
				mixed[to * width + at] = sum;
			}
		}
	}
	const dims = headsFirst ? [1, heads, queries, width] : [1, queries, heads * width];
	return { data: mixed, dims };
}
