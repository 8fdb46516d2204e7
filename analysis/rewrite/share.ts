import { ModelProtoSchema, type ModelProto } from '../proto/onnx_pb.ts';
import { withFields } from '../model/onnx/copy.ts';
import type { FoundOnnx } from '../model/onnx/open.ts';
import { GraphRewrite } from './rewrite.ts';
import { dropCaches } from './shareCache.ts';
import { checkShareable, type PlannedAttention } from './shareCheck.ts';
import type { SharedWeights } from './shareCut.ts';
import { follow } from './shareFollower.ts';
import { dropAttention } from './shareDropped.ts';
import { exposeProbabilities } from './shareSource.ts';
import { cutSplitValues } from './shareSplit.ts';

/** A model that shares attention as planned, not written yet: weights in external data are where they were. */
export interface SharedModel extends SharedWeights {
	proto: ModelProto;
}

const INLINED = "functions of the model's own are written as the nodes that they consist of";

/**
 * Rewrites a model so that followers use the probabilities of their sources and dropped layers have no attention.
 * What that makes idle is gone: projections of q and k, position embedding, scores, softmax, keys in the cache.
 * Everything else is the very message it was. Throws InputError where the model cannot be shared as planned.
 */
export function shareAttention(model: FoundOnnx, planned: PlannedAttention): SharedModel {
	checkShareable(model, planned);
	const { layers, view, onnx } = model;
	const { sources, headMaps } = planned;
	const rewrite = new GraphRewrite(view);
	const weights: SharedWeights = { cuts: new Map(), notes: onnx.inlined ? [INLINED] : [] };
	const probabilities = new Map<number, string>();
	for (const attention of layers) {
		const { layer } = attention;
		const source = sources[layer];
		if (source === null) dropAttention(rewrite, attention);
		else if (source !== layer) {
			const known = probabilities.get(source) ?? exposeProbabilities(rewrite, layers[source]);
			probabilities.set(source, known);
			follow(rewrite, attention, { probabilities: known, headMap: headMaps[layer] }, weights);
		}
	}
	dropCaches(rewrite, layers, sources);
	const followers = layers.filter(
		({ layer }) => probabilities.has(sources[layer] ?? -1) && sources[layer] !== layer
	);
	const graph = cutSplitValues(rewrite.finish(), view, followers, weights);
	return { proto: withFields(ModelProtoSchema, onnx.proto, { graph }), ...weights };
}
