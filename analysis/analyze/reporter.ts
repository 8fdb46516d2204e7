import type { Progress } from '../progress.ts';

/** Below this share of the work done, the time left would be a guess from nothing. */
const SHARE_TO_EXTRAPOLATE = 0.03;

/** Turns work done into progress. The time left is extrapolated from the work, not from the estimate. */
export class Reporter {
	readonly #started = performance.now();
	readonly #total: number;
	readonly #layers: number;
	readonly #windows: number;
	readonly #report: (progress: Progress) => void;
	#done = 0;

	constructor(
		total: number,
		layers: number,
		windows: number,
		report: (progress: Progress) => void
	) {
		this.#total = total;
		this.#layers = layers;
		this.#windows = windows;
		this.#report = report;
	}

	/** `work` more was done in `stage`; `window` windows are through with it. */
	add(work: number, stage: string, window: number, layer: number | null = null): void {
		this.#done += work;
		const fraction = Math.min(1, this.#done / this.#total);
		const secondsElapsed = this.secondsElapsed();
		this.#report({
			stage,
			layer,
			layers: this.#layers,
			window,
			windows: this.#windows,
			fraction,
			secondsElapsed,
			secondsLeft:
				fraction < SHARE_TO_EXTRAPOLATE ? null : (secondsElapsed * (1 - fraction)) / fraction,
			rssBytes: process.memoryUsage.rss()
		});
	}

	secondsElapsed(): number {
		return (performance.now() - this.#started) / 1000;
	}
}
