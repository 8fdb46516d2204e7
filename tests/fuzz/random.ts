import { uniform } from '../builders/checkpoint.ts';

/** Choices drawn from a seed: the same seed gives the same mutant on every machine. */
export class Random {
	readonly #next: () => number;

	constructor(seed: number) {
		this.#next = uniform(seed);
	}

	/** A whole number from 0 to `below` − 1. */
	int(below: number): number {
		return Math.min(below - 1, Math.floor(((this.#next() + 1) / 2) * below));
	}

	chance(probability: number): boolean {
		return (this.#next() + 1) / 2 < probability;
	}

	pick<T>(list: readonly T[]): T {
		if (list.length === 0) throw new RangeError('nothing to pick from');
		return list[this.int(list.length)];
	}
}
