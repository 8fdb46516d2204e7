import type { ModelListing } from '$analysis/model/checkpoint/types.ts';
import type { ModelReport } from '$analysis/model/catalogue/report.ts';
import {
	formatArchitecture,
	formatBytes,
	formatCount,
	formatWhole
} from '$analysis/text/number.ts';
import { attendingWords } from '$analysis/text/plan.ts';

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
		{ name: 'reach', value: slidingWindowWords(facts.reach), about: 'Tokens that a query sees' },
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

/** "every token before", "512 tokens", "512 tokens in 5 of 6 layers". */
export function slidingWindowWords(slidingWindows: readonly (number | null)[]): string {
	const windows = slidingWindows.filter((each) => each !== null);
	if (windows.length === 0) return 'every token before';
	const sizes = [...new Set(windows)].sort((a, b) => a - b).map(formatWhole);
	const where =
		windows.length === slidingWindows.length
			? ''
			: ` in ${windows.length} of ${slidingWindows.length} layers`;
	return `${sizes.join(' or ')} tokens${where}`;
}
