import type { ModelVariant } from '../graph/modelVariants.ts';
import type { Asked } from './asked.ts';
import type { TokenComparison } from './comparison.ts';

/** Time that a window took under one variant; what is timed is in `ComparisonForecast.timed`. */
export interface WindowTime {
	seconds: number;
	/** Of all threads together. */
	cpuSeconds: number;
}

/** Called while windows run: a fraction, 0 to 1, of what the window at an index takes was done, and after which layer. */
export type OnPart = (
	variant: ModelVariant,
	window: number,
	fraction: number,
	layer: number | null
) => void;

/** A window that both variants ran. */
export interface Compared<Sequence> {
	sequence: Sequence;
	comparison: TokenComparison;
	time: Record<ModelVariant, WindowTime>;
}

/** A sequence whose questions were asked of both variants. */
export interface Answered<Sequence> {
	sequence: Sequence;
	/** Natural-log loss of each candidate of each question, in its order. */
	losses: Record<ModelVariant, number[][]>;
}

/** A model that is ready to be run without and with a plan. */
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

/** Both variants of a model on windows of one length. */
export interface BothVariants {
	/**
	 * Runs windows under one variant, `first` having gone before them; what comes out is kept until others run under it.
	 * The time of each.
	 */
	run(
		variant: ModelVariant,
		windows: readonly (readonly number[])[],
		first: number,
		onPart: (window: number, fraction: number, layer: number | null) => void
	): Promise<readonly WindowTime[]>;
	/** Compares both variants on the tokens after the first of windows that both have just run. */
	compare(windows: readonly (readonly number[])[]): Promise<readonly TokenComparison[]>;
	/** Losses of the candidates of windows that both variants have just run. */
	ask(windows: readonly Asked[]): Promise<readonly Record<ModelVariant, number[][]>[]>;
	release(): Promise<void>;
}

/** Runner of both variants in an engine, for any length of window. */
export interface VariantsRunner {
	ofLength(context: number): Promise<BothVariants>;
	release(): Promise<void>;
}

/**
 * Runs windows group by group, the variants taking turns at going first, so that warming up and whatever else slows the
 * machine fall on both.
 */
export function inTurns(runner: VariantsRunner, groupSize: number): Comparison {
	return {
		windows: async function* (sequences, onPart) {
			for await (const { variants, group, times } of groups(runner, groupSize, sequences, onPart)) {
				const comparisons = await variants.compare(group.map(({ ids }) => ids));
				yield group.map((sequence, index) => ({
					sequence,
					comparison: comparisons[index],
					time: { baseline: times.baseline[index], shared: times.shared[index] }
				}));
			}
		},
		ask: async function* (sequences, onPart) {
			for await (const { variants, group } of groups(runner, groupSize, sequences, onPart)) {
				const losses = await variants.ask(group);
				yield group.map((sequence, index) => ({ sequence, losses: losses[index] }));
			}
		},
		close: () => runner.release()
	};
}

/** Runs groups of sequences of one length under both variants, and hands each out while it can be asked what came of it. */
async function* groups<Sequence extends { ids: readonly number[] }>(
	runner: VariantsRunner,
	groupSize: number,
	sequences: readonly Sequence[],
	onPart: OnPart = () => undefined
): AsyncGenerator<{
	variants: BothVariants;
	group: readonly Sequence[];
	times: Record<ModelVariant, readonly WindowTime[]>;
}> {
	if (sequences.length === 0) return;
	const variants = await runner.ofLength(sequences[0].ids.length);
	let order: readonly [ModelVariant, ModelVariant] = ['baseline', 'shared'];
	try {
		for (let first = 0; first < sequences.length; first += groupSize) {
			const group = sequences.slice(first, first + groupSize);
			const ids = group.map((sequence) => sequence.ids);
			const times: Record<ModelVariant, readonly WindowTime[]> = { baseline: [], shared: [] };
			for (const variant of order) {
				times[variant] = await variants.run(variant, ids, first, (index, fraction, layer) =>
					onPart(variant, first + index, fraction, layer)
				);
			}
			order = [order[1], order[0]];
			yield { variants, group, times };
		}
	} finally {
		await variants.release();
	}
}
