import { BASE_BYTES, memoryLimit } from '../../engine/memory.ts';
import type { ModelFacts } from '../../model/checkpoint/types.ts';
import { InputError } from '../../errors.ts';
import { formatBytes } from '../../text/number.ts';
import type { BenchSetting } from './benchTypes.ts';

/** Facts and sizes of the model that one side of a bench runs. */
export interface SideFacts {
	name: string;
	facts: ModelFacts;
	/** Bytes of proto and weights on disk. */
	fileBytes: number;
	/** Bytes that a session holds at its peak for the weights. */
	weightBytes: number;
	/** Of most weights: "float32", "float16", "4-bit (MatMulNBits)". */
	type: string;
	/** Bytes an element of the cache. */
	elementBytes: number;
}

/** Seconds of the parts of a bench, by counting and the speed of earlier runs; bars and estimates are made of them. */
export interface BenchSeconds {
	/** Writing one model, looking at it and hashing it. */
	write: number;
	/** One round of one side. */
	round: number;
}

const FLOAT = 4;
const HALVES = ['float16', 'bfloat16'];
/** Scores, mask and probabilities of a layer while it is computed, each [B, H, S, S]. */
const SCORES_AT_ONCE = 4;
/** The logits and the copy that onnxruntime hands over, each [B, S, vocab]. */
const LOGITS_AT_ONCE = 2;
/** Projections and the MLP's states while a layer is computed, each as wide as the MLP. */
const STATES_AT_ONCE = 6;
/** The cache that was and the one that is, and that of the sequences before. */
const CACHES_AT_ONCE = 3;

/** Writing, reading back for the hash, and loading to look at it, together. */
const WRITTEN_BYTES_PER_SECOND = 0.3e9;
/** A step of decode reads every weight; about half of what two channels of memory give. */
const MEMORY_BYTES_PER_SECOND = 15e9;
/** Seconds that each layer adds to a step, however small it is. */
const LAYER_STEP_SECONDS = 3e-4;
/** The prompt is read once without being counted, and once that is. */
const PROMPTS_A_ROUND = 2;

/** Rounds of both sides together; one of each is not counted. */
export function roundsOf({ repeats }: BenchSetting): number {
	return 2 * (repeats + 1);
}

/** Tokens that go through the model in a round of one side. */
export function tokensOfRound({ prompt, generate, batch }: BenchSetting): number {
	return batch * (PROMPTS_A_ROUND * prompt + generate);
}

/** Bytes that the processes of a bench hold together, at their peak, and the most that they may hold. */
export interface BenchMemory {
	memoryBytes: number;
	memoryLimitBytes: number;
}

/** Counts the process that asks and both sides. Throws InputError where they would hold more than they may. */
export function checkMemory(
	side: SideFacts,
	setting: BenchSetting,
	wanted: number | null
): BenchMemory {
	const each = sideBytes(side, setting);
	const memoryBytes = BASE_BYTES + 2 * each;
	const memoryLimitBytes = memoryLimit(wanted);
	if (memoryBytes <= memoryLimitBytes) return { memoryBytes, memoryLimitBytes };
	throw new InputError(
		`memory: two processes that hold ${side.name} take about ${formatBytes(each)} each, ${formatBytes(memoryBytes)} in all; the limit is ${formatBytes(memoryLimitBytes)}; ask for a shorter prompt or a smaller batch, or give more with --memory`
	);
}

/** Bytes at the peak of the process that runs one side. */
function sideBytes(side: SideFacts, { prompt, generate, batch }: BenchSetting): number {
	const { layers, heads, kvHeads, headDim, intermediate, vocab } = side.facts;
	const working =
		SCORES_AT_ONCE * heads * prompt * prompt +
		LOGITS_AT_ONCE * prompt * vocab +
		STATES_AT_ONCE * prompt * intermediate;
	const cache = 2 * layers * kvHeads * headDim * (prompt + generate) * side.elementBytes;
	return BASE_BYTES + side.weightBytes + batch * (FLOAT * working + CACHES_AT_ONCE * cache);
}

/** Bytes of weights that a step reads: the file's, but of halves the float32 that onnxruntime makes of them. */
function stepBytes({ facts, fileBytes, type }: SideFacts): number {
	return HALVES.includes(type) ? FLOAT * facts.parameters : fileBytes;
}

/** `rate`: operations per second; see speed.ts. */
export function benchSeconds(
	side: SideFacts,
	{ prompt, generate, batch }: BenchSetting,
	rate: number
): BenchSeconds {
	const { facts, fileBytes } = side;
	const operations = 2 * facts.parameters * batch;
	const step = Math.max(operations / rate, stepBytes(side) / MEMORY_BYTES_PER_SECOND);
	return {
		write: fileBytes / WRITTEN_BYTES_PER_SECOND,
		round:
			(PROMPTS_A_ROUND * prompt * operations) / rate +
			generate * (step + facts.layers * LAYER_STEP_SECONDS)
	};
}
