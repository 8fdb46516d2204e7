import { toBinary } from '@bufbuild/protobuf';
import { OnnxDecoder, type DecoderModel } from '../engine/onnxDecoder.ts';
import { referenceLogits } from '../engine/onnxReference.ts';
import { checkFinite } from '../finite.ts';
import { ModelProtoSchema, type ModelProto } from '../proto/onnx_pb.ts';
import { checkComparable } from '../model/onnx/check.ts';
import { withFields } from '../model/onnx/copy.ts';
import { relocated } from '../model/onnx/external.ts';
import { GraphView } from '../model/onnx/graphView.ts';
import { roundsActivations } from '../model/onnx/rounding.ts';
import { graphInputs, type GraphInput } from '../model/onnx/inputs.ts';
import type { FoundOnnx } from '../model/onnx/open.ts';
import { fixedContextOf } from '../graph/tapped/exposeOutputs.ts';
import { layerCache } from '../rewrite/shareCache.ts';
import type { PlannedAttention } from '../rewrite/shareCheck.ts';
import type { Verification } from './types.ts';
import { check, largestDifference, largestOf, SINGLE_STEPS, toleranceFor } from './verify.ts';

/** Enough for caches to matter, short enough for a model of any size. */
const SAMPLE_TOKENS = 64;
/** TensorProto.DataType. */
const COARSE_TYPES = [10, 16];

/**
 * Runs a written model on a window and compares it with the model it was made from: as it is where nothing follows or
 * is dropped, else with what that model gives where the sharing is done outside of it. Then compares it with itself
 * step by step through its cache. Throws InputError where they disagree, and where the model cannot be run or
 * gives what is not finite.
 */
export async function verifyOnnxModel(
	model: FoundOnnx,
	written: { proto: ModelProto; folder: string },
	planned: PlannedAttention
): Promise<Verification> {
	const { onnx, caches } = model;
	const { logits, vocab, inputs: taken } = checkComparable(model);
	const ids = sampleIds(model, vocab, taken);
	const cache = cacheOf(model);
	const original: DecoderModel = {
		file: onnx.file,
		bytes: toBinary(
			ModelProtoSchema,
			withFields(ModelProtoSchema, onnx.proto, {
				graph: { ...onnx.graph, initializer: relocated(onnx.graph.initializer, onnx.external) }
			})
		),
		dataFolder: onnx.external.root,
		inputs: taken,
		logits,
		cache
	};
	const changed = planned.sources.some((source, layer) => source !== layer);
	const before = await readBoth(original, ids);
	const expected = changed ? await referenceLogits(model, logits, planned, ids) : before.whole;
	for (const values of [before.whole, expected])
		checkFinite(values, onnx.file, 'window 0: a logit');
	const { graph } = written.proto;
	const inputs = graph === undefined ? [] : graphInputs(new GraphView(graph), onnx.file, caches);
	const after = await readBoth(
		{
			file: onnx.file,
			bytes: toBinary(ModelProtoSchema, written.proto),
			dataFolder: written.folder,
			inputs,
			logits,
			cache: new Map([...cache].filter(([past]) => inputs.some(({ name }) => name === past)))
		},
		ids
	);
	const rounded = roundsActivations(onnx);
	const own = before.difference ?? 0;
	const exact = toleranceFor(expected, isCoarse(model) || rounded ? 'float16' : 'float32');
	// Where activations are quantized by their range, reading in steps rounds otherwise than reading at once.
	const allowed = Math.max(exact, 2 * own);
	const tolerance = rounded ? allowed : exact;
	const verification: Verification = {
		tokens: ids.length,
		difference: largestDifference(after.whole, expected),
		tolerance,
		cachedDifference: after.difference,
		...(allowed > tolerance && { cachedTolerance: allowed }),
		...(rounded && { ownDifference: own }),
		largestLogit: largestOf(expected)
	};
	check(verification);
	return verification;
}

/** Logits of a window read at once, and how far those read in steps through the cache are from them. */
async function readBoth(
	model: DecoderModel,
	ids: readonly number[]
): Promise<{ whole: Float32Array; difference: number | null }> {
	const decoder = await OnnxDecoder.open(model);
	try {
		const whole = await decoder.read(decoder.start(), ids);
		const steps = model.inputs.every(({ fixedContext }) => fixedContext === null);
		if (model.cache.size === 0 || !steps) return { whole, difference: null };
		const state = decoder.start();
		const half = Math.ceil(ids.length / 2);
		const pieces: Float32Array[] = [];
		for (let start = 0; start < ids.length;) {
			const single = start >= half && start < half + SINGLE_STEPS;
			const end = start === 0 ? half : single ? start + 1 : ids.length;
			pieces.push(await decoder.read(state, ids.slice(start, end)));
			start = end;
		}
		const stepped = Float32Array.from(pieces.flatMap((piece) => [...piece]));
		// A model that outputs the last token's logits only has one of them for each piece.
		const last = stepped.length === whole.length ? stepped : (pieces.at(-1) ?? stepped);
		return { whole, difference: largestDifference(last, whole) };
	} finally {
		await decoder.release();
	}
}

/** By the input that holds a part of a layer's cache, the output that holds it afterwards. */
function cacheOf({ view, layers }: FoundOnnx): Map<string, string> {
	const cache = new Map<string, string>();
	for (const layer of layers) {
		const { key, value } = layerCache(view, layer);
		for (const { past, present } of [key, value]) {
			if (past !== null && present !== null) cache.set(past, present);
		}
	}
	return cache;
}

/** Ids spread over the vocabulary, as many as the model takes, at most 64. */
function sampleIds({ config }: FoundOnnx, vocab: number, inputs: readonly GraphInput[]): number[] {
	const count =
		fixedContextOf(inputs) ?? Math.min(SAMPLE_TOKENS, config?.maxPositions ?? SAMPLE_TOKENS);
	return Array.from({ length: count }, (_, at) => (at * 7919 + 13) % vocab);
}

/** Tells whether weights are of fewer bits than float32 has, so that the order of sums shows. */
function isCoarse({ onnx }: FoundOnnx): boolean {
	return onnx.graph.initializer.some(({ dataType }) => COARSE_TYPES.includes(dataType));
}
