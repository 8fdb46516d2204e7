import type { TokenComparison } from '../../engine/comparison.ts';
import type { BothWays, Way, WindowTime } from './source.ts';

/** A sequence that was run both ways. */
export interface Compared<Sequence> {
	sequence: Sequence;
	comparison: TokenComparison;
	time: Record<Way, WindowTime>;
}

/**
 * Runs sequences of one length both ways, group by group, the ways taking turns at going first, so that warming up
 * and whatever else slows the machine fall on both. `onPart` is told of each part of the sequence at an index.
 */
export async function* inTurns<Sequence extends { ids: readonly number[] }>(
	ways: BothWays,
	sequences: readonly Sequence[],
	groupSize: number,
	onPart: (way: Way, index: number, share: number, layer: number | null) => void = () => undefined
): AsyncGenerator<Compared<Sequence>[]> {
	let order: readonly [Way, Way] = ['baseline', 'shared'];
	for (let first = 0; first < sequences.length; first += groupSize) {
		const group = sequences.slice(first, first + groupSize);
		const ids = group.map((sequence) => sequence.ids);
		const times: Record<Way, readonly WindowTime[]> = { baseline: [], shared: [] };
		for (const way of order) {
			times[way] = await ways.run(way, ids, (index, share, layer) =>
				onPart(way, first + index, share, layer)
			);
		}
		order = [order[1], order[0]];
		const comparisons = await ways.compare(ids);
		yield group.map((sequence, index) => ({
			sequence,
			comparison: comparisons[index],
			time: { baseline: times.baseline[index], shared: times.shared[index] }
		}));
	}
}
