import { causalLayout, windowEntries } from './layout.ts';
import type { StatisticsRequest } from './statistics.ts';
import type { ModelFacts } from '../model/checkpoint/types.ts';
import type { OpenedOnnx } from '../model/onnx/open.ts';
import { sessionWeightBytes } from '../model/onnx/weights.ts';
import { analysisHoldings, BASE_BYTES, tooLarge, type MemoryPlan } from './memory.ts';
import { VARIANT_COUNT } from '../graph/modelVariants.ts';

const FLOAT = 4;
/** Scores, mask and probabilities of a layer while it is computed, each [H, S, S]. */
const SCORES_AT_ONCE = 6;
/** Logits, their copy in float32 and what the log-sum-exp makes of them, each [S, vocab]. */
const LOGITS_AT_ONCE = 4;
/** Hidden states, projections and the MLP's while a layer is computed, each as wide as the MLP. */
const STATES_AT_ONCE = 8;
/** A streamed group saves making sessions; beyond this many windows that no longer matters. */
const MOST_WINDOWS_PER_GROUP = 16;

export interface OnnxMemoryPlan extends MemoryPlan {
	/** Layers whose probabilities one run of a window puts out. */
	layersPerRun: number;
}

/**
 * Lays a run out so that it stays under the limit: as many layers are put out by one run as fit, because what a
 * run puts out is in memory twice. Throws InputError where not even one layer of one window fits.
 */
export function planOnnxMemory(
	{ facts, onnx }: OpenedOnnx,
	context: number,
	statistics: StatisticsRequest,
	limitBytes: number
): OnnxMemoryPlan {
	const weights = sessionWeightBytes(onnx.graph);
	const fixed = (tokens: number): number => weights + windowBytes(facts, tokens, statistics);
	const eachLayer = (tokens: number): number => layerBytes(facts, tokens);
	const smallest = fixed(context) + eachLayer(context);
	if (smallest > limitBytes) {
		throw tooLarge(context, smallest, limitBytes, (tokens) => fixed(tokens) + eachLayer(tokens));
	}
	const fitting = Math.floor((limitBytes - fixed(context)) / eachLayer(context));
	const layersPerRun = Math.min(facts.layers, fitting);
	const bytes = fixed(context) + layersPerRun * eachLayer(context);
	return { resident: true, windowsPerGroup: 1, bytes, limitBytes, layersPerRun };
}

/** All but weights and what a run puts out. */
function windowBytes(facts: ModelFacts, context: number, statistics: StatisticsRequest): number {
	const layout = causalLayout(facts, context);
	const holdings = analysisHoldings(facts, statistics);
	return (
		BASE_BYTES +
		holdings.windowBytes(layout) +
		holdings.fixedBytes(layout) +
		onnxWorkingBytes(facts, context)
	);
}

/** Estimates the bytes of intermediate results in a run: scores, logits and states, outputs not counted. */
export function onnxWorkingBytes(facts: ModelFacts, context: number): number {
	const { heads, vocab, intermediate } = facts;
	return (
		FLOAT *
		(SCORES_AT_ONCE * heads * context * context +
			LOGITS_AT_ONCE * context * vocab +
			STATES_AT_ONCE * context * intermediate)
	);
}

/** A layer's probabilities once more. */
function layerBytes(facts: ModelFacts, context: number): number {
	return FLOAT * windowEntries(causalLayout(facts, context), 1);
}

/**
 * Lays an evaluation out so that it stays under the limit. Resident: baseline and planned model are in memory
 * together, and windows go through one by one. Else one of the two is, and is given up for the other after each group
 * of windows, of which the logits are kept. Throws InputError where not even one window of one of the two fits.
 */
export function planOnnxComparison(
	{ facts, onnx }: OpenedOnnx,
	cutBytes: number,
	wanted: { context: number; windowCount: number; limitBytes: number }
): MemoryPlan {
	const { context, windowCount, limitBytes } = wanted;
	const weights = sessionWeightBytes(onnx.graph);
	const bytesOf = (tokens: number, sessions: number, windows: number): number =>
		BASE_BYTES +
		cutBytes +
		sessions * weights +
		onnxWorkingBytes(facts, tokens) +
		// One source's probabilities.
		FLOAT * windowEntries(causalLayout(facts, tokens), 1) +
		windows * comparedBytes(facts, tokens);
	const kept = bytesOf(context, VARIANT_COUNT, 1);
	if (kept <= limitBytes) return { resident: true, windowsPerGroup: 1, bytes: kept, limitBytes };
	const smallest = bytesOf(context, 1, 1);
	if (smallest > limitBytes) {
		throw tooLarge(context, smallest, limitBytes, (tokens) => bytesOf(tokens, 1, 1));
	}
	const moreWindows = Math.floor((limitBytes - smallest) / comparedBytes(facts, context));
	const windowsPerGroup = Math.min(windowCount, MOST_WINDOWS_PER_GROUP, 1 + moreWindows);
	const bytes = bytesOf(context, 1, windowsPerGroup);
	return { resident: false, windowsPerGroup, bytes, limitBytes };
}

/** Logits of both variants. */
function comparedBytes({ vocab }: ModelFacts, context: number): number {
	return VARIANT_COUNT * FLOAT * context * vocab;
}
