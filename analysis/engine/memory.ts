import { freeMemoryBytes } from '../process/freeMemory.ts';
import { InputError } from '../errors.ts';
import { layerTensorShapes } from '../model/checkpoint/expected.ts';
import type { Checkpoint, ModelConfig } from '../model/checkpoint/types.ts';
import { attentionLayout, windowEntries, type AttentionLayout } from './layout.ts';
import { spansOf } from '../plan/spans.ts';
import type { PlannedLayers } from './forward.ts';
import type { PlansSize } from './plans.ts';
import { DIVERGENCE_PART_FLOATS } from './sampling.ts';
import { hasNull, type StatisticsRequest } from './windowSums.ts';
import { canMap } from '../graph/stored.ts';
import { blockEntries } from '../graph/blocks.ts';

/** Layout of a run in memory, and the bytes that it takes at its peak. */
export interface MemoryPlan {
	/** True if all weights are kept as float32; else they are read layer by layer for each group. */
	resident: boolean;
	windowsPerGroup: number;
	/** Plans on a model in memory: windows of which the baseline's states are kept; left out: those of a group. */
	keptWindows?: number;
	/** Plans on a model in memory: threads that run windows beside one another, each with weights of its own; left out: one. */
	streams?: number;
	/** Chunks into which a long window's attention is cut; left out: all of it is in memory at once. */
	chunks?: Chunks;
	bytes: number;
	limitBytes: number;
}

/** Query blocks of a window whose probabilities do not fit in memory. */
export interface Chunks {
	/** Blocks in which layers run, and blocks of which all layers' probabilities are summed up together. */
	layerBlocks: number;
	blocks: number;
	/** Blocks that the null is sampled from, spread over the window. */
	nullBlocks: number[];
}

/** Memory that a run holds besides weights and the workspace of a layer. */
export interface Holdings {
	windowCount: number;
	/** Bytes of each window that is in memory. */
	windowBytes: (layout: AttentionLayout) => number;
	/** Bytes however many windows there are. */
	fixedBytes: (layout: AttentionLayout) => number;
}

/** Fraction of the free memory that a run may take where the user names no limit. */
const DEFAULT_FRACTION_OF_FREE = 0.7;
/** Node, onnxruntime, tokenizer and code, before any weight: 150 to 230 MB were measured. */
export const BASE_BYTES = 230e6;
/** Ratio of packed weights to their elements, in bytes: panels are filled up; masks, norms and graphs come on top. */
const PACKED = 1.05;
/** Ratio of onnxruntime's arena to the part in use, in bytes: it grows in powers of two. */
const ARENA = 1.25;
/** A streamed group saves reading weights; beyond this many windows that no longer matters. */
const MOST_WINDOWS_PER_GROUP = 16;
/** Most bytes of a part of the output embedding as float32; see engine/weights.ts. */
const VOCABULARY_PART_BYTES = 2 ** 25;
const FLOAT = 4;
const DOUBLE = 8;
/** Arrays as large as a hidden state that a compared window holds: two states, two normed, and those being made. */
const STATES_A_WINDOW = 6;
/** Arrays as large as a hidden state that a plan holds: its state, the one it branched from, and those being made. */
const STATES_A_PLAN = 6;
/** Arrays as large as a part's logits that a comparison makes, besides those of one model. */
const LOGITS_COMPARED = 4;

export function memoryLimit(wanted: number | null): number {
	return wanted ?? Math.floor(freeMemoryBytes() * DEFAULT_FRACTION_OF_FREE);
}

/**
 * Lays a run out so that it stays under the limit. Throws InputError where not even one window fits: the
 * message gives the numbers and the longest context that would fit.
 */
export function planMemory(
	checkpoint: Checkpoint,
	context: number,
	holdings: Holdings,
	limitBytes: number
): MemoryPlan {
	const bytes = peakBytes(checkpoint, context, holdings, { resident: true, windows: 1 });
	if (bytes <= limitBytes && canMap(checkpoint))
		return { resident: true, windowsPerGroup: 1, bytes, limitBytes };
	return planStreamed(checkpoint, context, holdings, limitBytes);
}

/** Beyond so many streams there are no windows to run: eight are usual. */
const MOST_STREAMS = 8;

/**
 * Lays plans out: as `planMemory`, and where a model is in memory, as many streams as `most` and the limit allow, each on
 * threads and with weights of its own, and then as many windows as it allows whose baseline states are kept.
 */
export function planPlans(checkpoint: Checkpoint, size: PlansSize, most: number): MemoryPlan {
	const { config } = checkpoint;
	const { samples, limitBytes, freedBytes = 0 } = size;
	const longest = Math.max(...samples.map(({ context }) => context));
	const holdings = plansHoldings(config, size);
	const memory = planMemory(checkpoint, longest, holdings, limitBytes);
	if (!memory.resident) return memory;
	const layout = attentionLayout(config, longest);
	const stream =
		PACKED * weightBytes(checkpoint) +
		holdings.windowBytes(layout) +
		layerWorkspaceBytes(checkpoint, layout);
	// Repairs are fitted outside of the streams.
	const repairing = size.refits === undefined ? 0 : 1;
	const left = limitBytes - memory.bytes;
	const fitting = 1 + Math.floor((left - freedBytes) / stream) - repairing;
	const windowCount = Math.max(...samples.map((sample) => sample.windowCount));
	const streams = Math.max(1, Math.min(fitting, most, MOST_STREAMS, windowCount));
	const more = streams === 1 ? 0 : (streams - 1 + repairing) * stream + freedBytes;
	const kept =
		FLOAT * samples.reduce((sum, { context }) => sum + context, 0) * config.layers * config.hidden;
	const keptWindows = Math.max(
		1,
		Math.min(windowCount, 1 + Math.floor((left - more) / (streams * kept)))
	);
	const bytes = Math.ceil(memory.bytes + more + streams * (keptWindows - 1) * kept);
	return { ...memory, streams, keptWindows, bytes };
}

function planStreamed(
	checkpoint: Checkpoint,
	context: number,
	holdings: Holdings,
	limitBytes: number
): MemoryPlan {
	const smallest = peakBytes(checkpoint, context, holdings, { resident: false, windows: 1 });
	if (smallest > limitBytes) {
		const bytesAt = (shorter: number): number =>
			peakBytes(checkpoint, shorter, holdings, { resident: false, windows: 1 });
		throw tooLarge(context, smallest, limitBytes, bytesAt);
	}
	const layout = attentionLayout(checkpoint.config, context);
	const eachMore = holdings.windowBytes(layout);
	const moreWindows = Math.floor((limitBytes - smallest) / eachMore);
	const windowsPerGroup = Math.min(holdings.windowCount, MOST_WINDOWS_PER_GROUP, 1 + moreWindows);
	const bytes = peakBytes(checkpoint, context, holdings, {
		resident: false,
		windows: windowsPerGroup
	});
	return { resident: false, windowsPerGroup, bytes, limitBytes };
}

/**
 * Lays an analysis out: as one graph that holds the model where that stays under the limit, else streamed. Throws
 * InputError as `planMemory`.
 */
export function planCapture(
	checkpoint: Checkpoint,
	context: number,
	request: StatisticsRequest,
	limitBytes: number
): MemoryPlan {
	const holdings = analysisHoldings(checkpoint.config, request);
	const layout = attentionLayout(checkpoint.config, context);
	const held =
		holdings.windowBytes(layout) +
		holdings.fixedBytes(layout) +
		// The binding copies what comes out of a run.
		totalsBytes(layout, request) +
		layerWorkspaceBytes(checkpoint, layout);
	const bytes = Math.ceil(BASE_BYTES + PACKED * weightBytes(checkpoint) + ARENA * held);
	if (bytes <= limitBytes && canMap(checkpoint))
		return { resident: true, windowsPerGroup: 1, bytes, limitBytes };
	const streamedAt = (tokens: number) =>
		peakBytes(checkpoint, tokens, holdings, { resident: false, windows: 1 });
	if (streamedAt(context) <= limitBytes)
		return planStreamed(checkpoint, context, holdings, limitBytes);
	const plans = CHUNK_BYTES.map((chunk) => planChunked(checkpoint, context, request, chunk));
	const chunked = plans.find((plan) => plan !== null && plan.bytes <= limitBytes);
	if (chunked) return { ...chunked, limitBytes };
	const bytesAt = (tokens: number) => {
		const least = planChunked(checkpoint, tokens, request, CHUNK_BYTES[CHUNK_BYTES.length - 1]);
		return Math.min(streamedAt(tokens), least?.bytes ?? Infinity);
	};
	throw tooLarge(context, bytesAt(context), limitBytes, bytesAt);
}

/** Bytes of all layers' probabilities of one chunk of queries: as many as memory allows. Smaller chunks cost time. */
const CHUNK_BYTES = [256e6, 64e6, 16e6];
/** Chunks of a window that the null is sampled from. */
const NULL_BLOCKS = 4;
/** A layer by itself runs in at least so many query blocks, as those of shorter windows. */
const LAYER_BLOCKS = 8;
/** … each of no more than so many bytes of probabilities. */
const LAYER_BYTES = 64e6;

/**
 * Lays a long window out so that queries and keys of all layers are kept, and the probabilities of a chunk of queries only,
 * about `chunkBytes` of them. null: layers follow others by the model's own making.
 */
export function planChunked(
	checkpoint: Checkpoint,
	context: number,
	request: StatisticsRequest,
	chunkBytes: number
): (Omit<MemoryPlan, 'limitBytes'> & { chunks: Chunks }) | null {
	const { config } = checkpoint;
	if (config.shared !== null) return null;
	const { layers, heads, kvHeads, headDim, hidden } = config;
	const chunksOf = (rows: number, bytes: number) =>
		Math.ceil((rows * FLOAT * context ** 2) / bytes);
	const blocks = Math.min(context, chunksOf(layers * heads, chunkBytes));
	const layerBlocks = Math.min(context, Math.max(LAYER_BLOCKS, chunksOf(heads, LAYER_BYTES)));
	const spread = Array.from({ length: NULL_BLOCKS }, (_, at) =>
		Math.floor(((at + 0.5) * blocks) / NULL_BLOCKS)
	);
	const nullBlocks = [...new Set(spread)];
	const layout = attentionLayout(config, context, blocks);
	const perLayer = attentionLayout(config, context, layerBlocks);
	const largest = FLOAT * layers * heads * Math.max(...layout.blocks.map(blockEntries));
	// The binding copies what comes out of a run.
	const nulls = hasNull(request) ? (request.views.length * nullBlocks.length + 1) * largest : 0;
	const kept = FLOAT * context * (layers * (heads + kvHeads) * headDim + 3 * hidden);
	const bytes = Math.ceil(
		BASE_BYTES +
			streamedBytes(checkpoint) +
			layerWorkspaceBytes(checkpoint, perLayer) +
			kept +
			largest +
			nulls +
			statisticsBytes(layout, request, 0)
	);
	return {
		resident: false,
		windowsPerGroup: 1,
		chunks: { layerBlocks, blocks, nullBlocks },
		bytes
	};
}

/** Bytes at the peak of a run with so many windows in memory together. */
function peakBytes(
	checkpoint: Checkpoint,
	context: number,
	holdings: Holdings,
	held: { resident: boolean; windows: number }
): number {
	const { config } = checkpoint;
	const layout = attentionLayout(config, context);
	const weights = held.resident ? PACKED * weightBytes(checkpoint) : streamedBytes(checkpoint);
	return (
		BASE_BYTES +
		weights +
		held.windows * holdings.windowBytes(layout) +
		layerWorkspaceBytes(checkpoint, layout) +
		holdings.fixedBytes(layout)
	);
}

/** An analysis: captured attention and hidden state of each window, and the sums. */
export function analysisHoldings(
	config: Pick<ModelConfig, 'layers' | 'hidden'>,
	request: StatisticsRequest
): Holdings {
	return {
		windowCount: request.windowCount,
		windowBytes: (layout) =>
			FLOAT * (windowEntries(layout, config.layers) + 3 * layout.context * config.hidden),
		fixedBytes: (layout) => statisticsBytes(layout, request)
	};
}

/**
 * Both variants' hidden states, one source's probabilities where the plan has followers, or the model itself, and
 * refitted weights.
 */
export function comparisonHoldings(
	config: ModelConfig,
	{ sources, repairs }: PlannedLayers,
	windowCount: number
): Holdings {
	const kept = Number(spansOf([...sources]).length > 0) + Number(config.shared !== null);
	const refitted = [...(repairs?.values() ?? [])].reduce(
		(sum, { o, bias }) => sum + (o?.byteLength ?? 0) + (bias?.byteLength ?? 0),
		0
	);
	return {
		windowCount,
		windowBytes: (layout) =>
			FLOAT * (windowEntries(layout, kept) + STATES_A_WINDOW * layout.context * config.hidden),
		fixedBytes: (layout) => refitted + LOGITS_COMPARED * logitsBytes(config, layout.context)
	};
}

/**
 * Plans: of each length of sequence, the states before every layer twice over, those being made, and the probabilities of one
 * source; of every sequence that repairs are fitted on its state and source, and the refitted projections.
 */
export function plansHoldings(config: ModelConfig, { samples, refits }: PlansSize): Holdings {
	const bytes = (layout: AttentionLayout, states: number) =>
		FLOAT * (windowEntries(layout, 1) + states * layout.context * config.hidden);
	const { hidden, heads, headDim } = config;
	return {
		windowCount: Math.max(...samples.map(({ windowCount }) => windowCount)),
		windowBytes: (layout) => samples.length * bytes(layout, 2 * config.layers + STATES_A_PLAN),
		fixedBytes: (layout) =>
			refits === undefined
				? 0
				: refits.windowCount * bytes(layout, STATES_A_PLAN) +
					FLOAT * refits.projections * hidden * heads * headDim
	};
}

/** All weights the engine keeps, as float32: the layers and the output embedding. */
function weightBytes({ config }: Checkpoint): number {
	return FLOAT * (config.layers * layerElements(config) + config.vocab * config.hidden);
}

/** One layer as float32, its bytes on disk and those of the next, and a part of the output embedding. */
function streamedBytes(checkpoint: Checkpoint): number {
	const elements = layerElements(checkpoint.config);
	const diskBytes = checkpoint.bytes / checkpoint.parameters;
	return elements * (FLOAT + 2 * diskBytes) + 2 * vocabularyPartBytes(checkpoint.config);
}

function layerElements(config: ModelConfig): number {
	const shapes = layerTensorShapes(config);
	const gate = config.block.gated ? (['gate'] as const) : [];
	return (['q', 'k', 'v', 'o', ...gate, 'up', 'down'] as const)
		.map((role) => shapes[role].reduce((product, size) => product * size, 1))
		.reduce((sum, size) => sum + size, 0);
}

/** Estimates the bytes that onnxruntime allocates in a layer (projections, scores, MLP) and for logits of a part. */
function layerWorkspaceBytes({ config }: Checkpoint, layout: AttentionLayout): number {
	const { context, blocks } = layout;
	const projections = 3 * (config.heads + 2 * config.kvHeads) * config.headDim;
	const scores = blocks.map((block) => 2 * config.heads * blockEntries(block));
	return (
		logitsBytes(config, context) +
		FLOAT *
			(context * (projections + 3 * config.intermediate + 4 * config.hidden) +
				Math.max(...scores) +
				// The mask constants of every block.
				blocks.reduce((sum, block) => sum + blockEntries(block), 0))
	);
}

function vocabularyPartBytes({ vocab, hidden }: ModelConfig): number {
	return Math.min(VOCABULARY_PART_BYTES, FLOAT * vocab * hidden);
}

/** Logits of every position over a part of the vocabulary. */
export function logitsBytes(config: ModelConfig, context: number): number {
	return (vocabularyPartBytes(config) / config.hidden) * context;
}

/** Gram matrices, running totals for the null, and copies of a block made on the way to a view. */
function statisticsBytes(
	layout: AttentionLayout,
	request: StatisticsRequest,
	totals = totalsBytes(layout, request)
): number {
	const rows = layout.layers * layout.heads;
	const matrices = Number(request.gram) * (request.windowCount > 1 ? 3 : 2) + Number(request.sqrt);
	const outputs = Number(request.gram) + Number(request.sqrt);
	const views = request.views.length;
	const square = rows * rows * views * (DOUBLE * matrices + FLOAT * outputs * 2);
	const largest = Math.max(...layout.blocks.map(blockEntries));
	const copies = (request.views.includes('no-sink') ? 3 : 0) + (request.sqrt ? 1 : 0);
	return square + totals + FLOAT * (rows * largest * copies + divergenceFloats(layout, request));
}

/** Running sums of the probabilities, for the null. */
function totalsBytes(layout: AttentionLayout, request: StatisticsRequest): number {
	if (!hasNull(request)) return 0;
	return FLOAT * request.views.length * windowEntries(layout, layout.layers);
}

/** Sampled rows as captured, joined and as entropy terms, and the copies of a part; see capture/divergence.ts. */
function divergenceFloats(layout: AttentionLayout, request: StatisticsRequest): number {
	if (request.jsQueries === null) return 0;
	const rows = layout.layers * layout.heads;
	const queries = request.jsQueries === 'all' ? layout.context : request.jsQueries;
	const largest = Math.max(...layout.blocks.map(blockEntries));
	const joined = Math.min(rows * queries * layout.context, DIVERGENCE_PART_FLOATS + rows * largest);
	return 3 * joined + 6 * DIVERGENCE_PART_FLOATS;
}

/** Says that not even one window fits, with the numbers and the longest context that would. */
export function tooLarge(
	context: number,
	bytes: number,
	limitBytes: number,
	bytesAt: (context: number) => number
): InputError {
	const fitting = longestContext(context, bytesAt, limitBytes);
	const advice =
		fitting === null
			? 'no context would fit; give more with --memory'
			: `a context of ${fitting} would fit, or give more with --memory`;
	return new InputError(
		`memory: one window of ${context} tokens takes ${size(bytes)}; the limit is ${size(limitBytes)}; ${advice}`
	);
}

/** The longest context, in steps of 16 tokens, of which one window fits; null: none of 16. */
function longestContext(
	context: number,
	bytesAt: (context: number) => number,
	limitBytes: number
): number | null {
	const step = 16;
	let fits = 0;
	let fails = Math.ceil(context / step);
	while (fails - fits > 1) {
		const middle = Math.floor((fits + fails) / 2);
		if (bytesAt(middle * step) <= limitBytes) fits = middle;
		else fails = middle;
	}
	return fits === 0 ? null : fits * step;
}

function size(bytes: number): string {
	return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
