import { onnxWorkingBytes } from '../../engine/onnxMemory.ts';
import { BASE_BYTES, tooLarge, type MemoryPlan } from '../../engine/memory.ts';
import { causalLayout, windowEntries } from '../../engine/layout.ts';
import type { ModelFacts } from '../../model/checkpoint/types.ts';
import type { OpenedOnnx } from '../../model/onnx/open.ts';
import { sessionWeightBytes } from '../../model/onnx/weights.ts';

const FLOAT = 4;
const WAYS = 2;
/** A streamed group saves making sessions; beyond this many windows that no longer matters. */
const MOST_WINDOWS_PER_GROUP = 16;

/**
 * Lays an evaluation out so that it stays under the limit. Resident: the model as it is and as planned are in memory
 * together, and windows go through one by one. Else one of the two is, and is given up for the other after each group
 * of windows, of which the logits are kept. Throws InputError where not even one window of one of the two fits.
 */
export function planOnnxEvaluation(
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
		windows * windowBytes(facts, tokens);
	const kept = bytesOf(context, WAYS, 1);
	if (kept <= limitBytes) return { resident: true, windowsPerGroup: 1, bytes: kept, limitBytes };
	const smallest = bytesOf(context, 1, 1);
	if (smallest > limitBytes) {
		throw tooLarge(context, smallest, limitBytes, (tokens) => bytesOf(tokens, 1, 1));
	}
	const room = Math.floor((limitBytes - smallest) / windowBytes(facts, context));
	const windowsPerGroup = Math.min(windowCount, MOST_WINDOWS_PER_GROUP, 1 + room);
	const bytes = bytesOf(context, 1, windowsPerGroup);
	return { resident: false, windowsPerGroup, bytes, limitBytes };
}

/** Logits both ways. */
function windowBytes({ vocab }: ModelFacts, context: number): number {
	return WAYS * FLOAT * context * vocab;
}
