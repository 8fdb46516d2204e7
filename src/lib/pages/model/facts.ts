import type { ModelListing } from '$analysis/model/checkpoint/types.ts';
import type { ModelReport } from '$analysis/model/catalogue/report.ts';
import {
	formatArchitecture,
	formatBytes,
	formatCount,
	formatWhole
} from '$analysis/text/number.ts';
import { attendingWords } from '$analysis/text/plan.ts';
import { slidingWindowWords } from '$analysis/text/slidingWindow.ts';

export interface Fact {
	name: string;
	value: string;
	/** Explanation of a fact whose name does not say enough. */
	about?: string;
}

/** Value of `maxPositions` if neither config.json nor the graph names a limit; no real limit reaches it. */
const NO_LIMIT = 2 ** 31 - 1;

/** Returns the facts that a list has about a model; none if the model could not be understood. */
export function listedFacts({ facts, planned }: ModelListing): Fact[] {
	if (facts === null) return [];
	const { layers, heads, kvHeads, headDim, hidden, intermediate, maxPositions } = facts;
	return [
		{ name: 'architecture', value: formatArchitecture(facts.architecture) },
		{ name: 'layers × heads (kv)', value: `${layers} × ${heads} (${kvHeads})` },
		...(planned === null ? [] : [{ name: 'plan', value: attendingWords(planned) }]),
		{ name: 'hidden', value: `${formatWhole(hidden)}, heads of ${headDim}` },
		{ name: 'MLP', value: formatWhole(intermediate) },
		{ name: 'vocabulary', value: formatWhole(facts.vocab) },
		{ name: 'positions', value: maxPositions >= NO_LIMIT ? '–' : formatWhole(maxPositions) },
		{
			name: 'sliding window',
			value: slidingWindowWords(facts.reach),
			about: 'Keys that a query sees at most'
		},
		{ name: 'parameters', value: formatCount(facts.parameters) },
		{ name: 'weights', value: `${facts.dtype}, ${formatBytes(facts.bytes)}` }
	];
}

/** Returns the facts that an ONNX file states about itself; none for a checkpoint. */
export function graphFacts({ graph }: ModelReport): Fact[] {
	if (graph === null) return [];
	const { producer, opset } = graph;
	return [
		{ name: 'made by', value: producer === '' ? '–' : producer },
		{ name: 'opset', value: `${opset}`, about: 'Version of the standard ONNX operators' }
	];
}
