import type { ModelFacts } from '../model/checkpoint/types.ts';
import { InputError } from '../errors.ts';
import { checkSources, spansOf } from './spans.ts';
import type { Savings, Sources } from './types.ts';

/** Bytes an element of the types a model is run in. */
export const DTYPE_BYTES = { f32: 4, f16: 2, bf16: 2 } as const;

/** The facts of a model that its savings depend on. */
export type SavingsFacts = Pick<
	ModelFacts,
	| 'layers'
	| 'heads'
	| 'kvHeads'
	| 'headDim'
	| 'hidden'
	| 'intermediate'
	| 'vocab'
	| 'reach'
	| 'qkvBias'
	| 'outputBias'
	| 'qkNorm'
	| 'qkNormWeights'
	| 'parameters'
>;

export interface SavingsSetting {
	/** Tokens in context, n. */
	context: number;
	/** Sequences, B. */
	batch: number;
	/** Bytes per element, b; see DTYPE_BYTES. */
	elementBytes: number;
}

/** Defaults that savings are counted for: tokens in context, sequences, the type a model is run in. */
export const SAVINGS_DEFAULTS = {
	context: 4096,
	batch: 1,
	dtype: 'bf16'
} as const satisfies Pick<SavingsSetting, 'context' | 'batch'> & {
	dtype: keyof typeof DTYPE_BYTES;
};

/** The same for a model, whose positions may be fewer. */
export function defaultSetting({ maxPositions }: { maxPositions: number }): SavingsSetting {
	const { context, batch, dtype } = SAVINGS_DEFAULTS;
	return { context: Math.min(context, maxPositions), batch, elementBytes: DTYPE_BYTES[dtype] };
}

/**
 * Predicts what a plan's followers and dropped layers save, by counting. With d = headDim, and in
 * a layer with sliding window w min(i + 1, w) keys for query i and min(n, w) positions in the cache (none: n²/2 keys
 * in all):
 * - kCache: kvHeads·d·b bytes per token for each of these layers, times B and the cache's length; vCache: as
 *   much again for each dropped layer, for a follower keeps its V. shareOfK is of all layers' K; shareOfKv
 *   is K and V saved, of all layers' K and V.
 * - parameters, as a fraction of `model.parameters`: of a follower q and k projections with their biases and
 *   norms; of a dropped layer these, v and output projections with their biases, and the norm before them.
 * - prefill, for each layer and sequence 2·n·hidden·d·(heads + kvHeads) + 2·keys·heads·d FLOPs (q, k and
 *   QKᵀ), and where it is dropped as much again (v, output projection and P·V), as a fraction of every matrix
 *   product of the model: per layer q, k, v, o, the MLP's three, QKᵀ and P·V over causal keys, and the output
 *   embedding of every token. Softmax, rotary embedding and norms are not counted. keptBytes, against it:
 *   B·heads·n²·b, the probabilities of one source, for spans come one at a time.
 * - decode, a step: the parameters above once, and the K and V cache above at length min(n, w), are not read
 *   (`bytes`); against it each follower reads B·heads·min(n, w)·b of its source's probabilities
 *   (`readBytes`). `share` is (bytes − readBytes) as a fraction of what a step reads: every matrix of the layers and
 *   the output embedding once, and the K and V cache.
 * No time follows from FLOPs or bytes.
 * Throws InputError where `sources` is no plan for this model or the setting is not positive.
 */
export function savings(model: SavingsFacts, sources: Sources, setting: SavingsSetting): Savings {
	checkSources(sources, model.layers);
	for (const [name, value] of Object.entries(setting) as [string, number][])
		if (!Number.isInteger(value) || value < 1)
			throw new InputError(`${name}: ${value}; allowed: a whole number, 1 or more`);
	const { context, batch, elementBytes } = setting;
	const { layers, heads, kvHeads, headDim, hidden, reach } = model;
	const all = Array.from({ length: layers }, (_, layer) => layer);
	const followers = spansOf(sources).flatMap((span) => span.followers);
	const dropped = all.filter((layer) => sources[layer] === null);
	/** Layers without q and k. */
	const saving = [...followers, ...dropped];

	const cached = (list: number[]) =>
		total(list, (layer) => Math.min(context, reach[layer] ?? context));
	const keys = (list: number[]) => total(list, (layer) => keysSeen(context, reach[layer]));

	const bytesPerToken = kvHeads * headDim * elementBytes;
	const kBytes = batch * bytesPerToken * cached(saving);
	const vBytes = batch * bytesPerToken * cached(dropped);
	const kBytesOfAll = batch * bytesPerToken * cached(all);

	/** Weights of q and k; v and the output projection have as many. */
	const qkWeights = hidden * headDim * (heads + kvHeads);
	const qkParameters =
		qkWeights +
		(model.qkvBias ? headDim * (heads + kvHeads) : 0) +
		(model.qkNormWeights ?? (model.qkNorm ? 2 * headDim : 0));
	const restParameters =
		qkWeights + (model.qkvBias ? headDim * kvHeads : 0) + (model.outputBias ? hidden : 0) + hidden;
	const parameters = saving.length * qkParameters + dropped.length * restParameters;

	const products = (list: number[]) =>
		batch * (2 * context * qkWeights * list.length + 2 * keys(list) * heads * headDim);
	const flops = products(saving) + products(dropped);
	const weightsOfAll =
		layers * (2 * qkWeights + 3 * hidden * model.intermediate) + hidden * model.vocab;
	const flopsOfAll = batch * (2 * context * weightsOfAll + 4 * keys(all) * heads * headDim);

	const notRead = parameters * elementBytes + kBytes + vBytes;
	const readInstead = batch * heads * elementBytes * cached(followers);
	const readOfAll = weightsOfAll * elementBytes + 2 * kBytesOfAll;

	return {
		context,
		batch,
		elementBytes,
		followers: followers.length,
		leftOut: dropped.length,
		kCache: {
			bytes: kBytes,
			bytesPerToken: saving.length * bytesPerToken,
			shareOfK: kBytes / kBytesOfAll,
			shareOfKv: (kBytes + vBytes) / (2 * kBytesOfAll)
		},
		vCache: { bytes: vBytes, bytesPerToken: dropped.length * bytesPerToken },
		parameters: { count: parameters, share: parameters / model.parameters },
		prefill: {
			flops,
			share: flops / flopsOfAll,
			keptBytes: followers.length > 0 ? batch * heads * context ** 2 * elementBytes : 0
		},
		decode: {
			bytes: notRead,
			readBytes: readInstead,
			share: (notRead - readInstead) / readOfAll
		}
	};
}

/**
 * Keys seen by all queries of a layer together: n²/2 without a sliding window (the causal half), else
 * Σ_i min(i + 1, w).
 */
function keysSeen(context: number, slidingWindow: number | null): number {
	if (slidingWindow === null) return context ** 2 / 2;
	const window = Math.min(slidingWindow, context);
	return (window * (window + 1)) / 2 + (context - window) * window;
}

function total(list: number[], of: (layer: number) => number): number {
	return list.reduce((sum, layer) => sum + of(layer), 0);
}
