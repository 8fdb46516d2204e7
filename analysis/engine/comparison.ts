import type { ComparisonOutput } from '../graph/comparison.ts';
import { logAddExp, logSum } from './logSum.ts';

/** Losses of two models on one window's tokens after the first, with their divergence and agreement, [S − 1] each. */
export interface TokenComparison {
	/** Natural-log loss of each token. */
	baseline: Float64Array;
	shared: Float64Array;
	/** KL(baseline ‖ shared) in nats of the next-token distributions before each token. */
	kl: Float64Array;
	/** 1 where both find the same token the most likely one, else 0. */
	agree: Uint8Array;
}

/** Figures of one part of the vocabulary, [S] each. */
export type PartFigures = Record<ComparisonOutput, Float32Array>;

/** Puts together what two models say of the parts of the vocabulary. */
export class PartsCompared {
	readonly #positions: number;
	readonly #parts: { first: number; figures: PartFigures }[] = [];

	constructor(positions: number) {
		this.#positions = positions;
	}

	/** A part whose first row is id `first`; parts come in the order of ids. */
	add(first: number, figures: PartFigures): void {
		this.#parts.push({ first, figures });
	}

	/** Log-sum-exp of all logits at each position, [S]. */
	logSums(model: 'baseline' | 'shared'): Float64Array {
		return this.#perPosition((position) =>
			this.#parts.reduce(
				(sum, { figures }) => logAddExp(sum, partLogSum(figures, model, position)),
				-Infinity
			)
		);
	}

	/**
	 * KL(baseline ‖ shared) at each position, [S], by its chain rule: with w_i and v_i the probability that
	 * either model gives part i, and D_i the divergence within the part, Σ w_i·(D_i + ln(w_i / v_i)).
	 */
	divergence(): Float64Array {
		const [baseline, shared] = [this.logSums('baseline'), this.logSums('shared')];
		return this.#perPosition((position) => {
			let sum = 0;
			for (const { figures } of this.#parts) {
				const within = divergenceOf(
					figures.gap[position],
					figures.baseline_sum[position],
					figures.shared_sum[position]
				);
				const logFraction = partLogSum(figures, 'baseline', position) - baseline[position];
				const logOther = partLogSum(figures, 'shared', position) - shared[position];
				sum += Math.exp(logFraction) * (within + logFraction - logOther);
			}
			// Never negative but for rounding.
			return Math.max(0, sum);
		});
	}

	/** The most likely token of a model at each position, [S]; the lowest id where several are. */
	best(model: 'baseline' | 'shared'): Float64Array {
		return this.#perPosition((position) => {
			let best = -Infinity;
			let id = 0;
			for (const { first, figures } of this.#parts) {
				const value = figures[`${model}_highest`][position];
				if (value <= best) continue;
				best = value;
				id = first + figures[`${model}_best_row`][position];
			}
			return id;
		});
	}

	#perPosition(of: (position: number) => number): Float64Array {
		return Float64Array.from({ length: this.#positions }, (_, position) => of(position));
	}
}

/** KL(baseline ‖ shared) in nats, from what `addGap` and `addLogSum` give. */
export function divergenceOf(gap: number, baselineSum: number, sharedSum: number): number {
	return gap / baselineSum - Math.log(baselineSum) + Math.log(sharedSum);
}

function partLogSum(figures: PartFigures, model: 'baseline' | 'shared', position: number): number {
	return logSum(figures[`${model}_highest`][position], figures[`${model}_sum`][position]);
}
