import type { Asked } from './asked.ts';
import type { TokenComparison } from './comparison.ts';

/** The model without and with a plan. */
export type Way = 'baseline' | 'shared';

/** Time that a window took one way; what is timed is in `ComparisonForecast.timed`. */
export interface WindowTime {
	seconds: number;
	/** Of all threads together. */
	cpuSeconds: number;
}

/** Called while windows run: a fraction, 0 to 1, of what the window at an index takes was done, and after which layer. */
export type OnPart = (way: Way, window: number, fraction: number, layer: number | null) => void;

/** A window that was run both ways. */
export interface Compared<Sequence> {
	sequence: Sequence;
	comparison: TokenComparison;
	time: Record<Way, WindowTime>;
}

/** A sequence whose questions were asked of both ways. */
export interface Answered<Sequence> {
	sequence: Sequence;
	/** Natural-log loss of each candidate of each question, in its order. */
	losses: Record<Way, number[][]>;
}

/** A model that is ready to be run both ways. */
export interface Comparison {
	/** Runs windows of one length, of which groups come back as they are done. */
	windows<Sequence extends { ids: readonly number[] }>(
		sequences: readonly Sequence[],
		onPart?: OnPart
	): AsyncGenerator<Compared<Sequence>[]>;
	/** Asks what might come after places of sequences of one length. */
	ask<Sequence extends Asked>(
		sequences: readonly Sequence[],
		onPart?: OnPart
	): AsyncGenerator<Answered<Sequence>[]>;
	close(): Promise<void>;
}

/** Both ways of a model on windows of one length. */
export interface BothWays {
	/**
	 * Runs windows one way, `first` having gone before them; what comes out is kept until others are run that way. The
	 * time of each.
	 */
	run(
		way: Way,
		windows: readonly (readonly number[])[],
		first: number,
		onPart: (window: number, fraction: number, layer: number | null) => void
	): Promise<readonly WindowTime[]>;
	/** Compares both ways on the tokens after the first of windows that were run both ways just now. */
	compare(windows: readonly (readonly number[])[]): Promise<readonly TokenComparison[]>;
	/** Losses of the candidates of windows that were run both ways just now. */
	ask(windows: readonly Asked[]): Promise<readonly Record<Way, number[][]>[]>;
	release(): Promise<void>;
}

/** Runner of both ways in an engine, for any length of window. */
export interface WaysRunner {
	ofLength(context: number): Promise<BothWays>;
	release(): Promise<void>;
}

/**
 * Runs windows group by group, the ways taking turns at going first, so that warming up and whatever else slows the
 * machine fall on both.
 */
export function inTurns(runner: WaysRunner, groupSize: number): Comparison {
	return {
		windows: async function* (sequences, onPart) {
			for await (const { ways, group, times } of groups(runner, groupSize, sequences, onPart)) {
				const comparisons = await ways.compare(group.map(({ ids }) => ids));
				yield group.map((sequence, index) => ({
					sequence,
					comparison: comparisons[index],
					time: { baseline: times.baseline[index], shared: times.shared[index] }
				}));
			}
		},
		ask: async function* (sequences, onPart) {
			for await (const { ways, group } of groups(runner, groupSize, sequences, onPart)) {
				const losses = await ways.ask(group);
				yield group.map((sequence, index) => ({ sequence, losses: losses[index] }));
			}
		},
		close: () => runner.release()
	};
}

/** Runs groups of sequences of one length both ways, and hands each out while it can be asked what came of it. */
async function* groups<Sequence extends { ids: readonly number[] }>(
	runner: WaysRunner,
	groupSize: number,
	sequences: readonly Sequence[],
	onPart: OnPart = () => undefined
): AsyncGenerator<{
	ways: BothWays;
	group: readonly Sequence[];
	times: Record<Way, readonly WindowTime[]>;
}> {
	if (sequences.length === 0) return;
	const ways = await runner.ofLength(sequences[0].ids.length);
	let order: readonly [Way, Way] = ['baseline', 'shared'];
	try {
		for (let first = 0; first < sequences.length; first += groupSize) {
			const group = sequences.slice(first, first + groupSize);
			const ids = group.map((sequence) => sequence.ids);
			const times: Record<Way, readonly WindowTime[]> = { baseline: [], shared: [] };
			for (const way of order) {
				times[way] = await ways.run(way, ids, first, (index, fraction, layer) =>
					onPart(way, first + index, fraction, layer)
				);
			}
			order = [order[1], order[0]];
			yield { ways, group, times };
		}
	} finally {
		await ways.release();
	}
}
