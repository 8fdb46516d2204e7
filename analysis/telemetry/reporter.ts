import { rssWithHelpers } from '../process/helpers.ts';
import type { Progress } from './progress.ts';

/** Below this fraction of the work done, the time left would be a guess from nothing. */
const FRACTION_TO_EXTRAPOLATE = 0.03;
/** Reports within so many seconds of the first belong to its batch. */
const BATCH_SECONDS = 0.1;

/** Size of a task: all of its work, layers and windows. */
export interface ReportedTask {
	/** In the unit in which work is added. */
	work: number;
	layers: number;
	windows: number;
	/** Tokens in a window. */
	context: number;
}

/** Turns work done into progress. The time left is extrapolated from the work, not from the estimate. */
export class Reporter {
	readonly #started = performance.now();
	readonly #task: ReportedTask;
	readonly #report: (progress: Progress) => void;
	#done = 0;
	/** Work and seconds of the first reports of work, those of one batch together; null: none was done. */
	#first: { done: number; seconds: number } | null = null;
	/** Seconds that were no work. */
	#waited = 0;
	#tokens = 0;

	constructor(task: ReportedTask, report: (progress: Progress) => void) {
		this.#task = task;
		this.#report = report;
	}

	/** `work` more was done in `stage`; `window` windows are through with it. */
	add(work: number, stage: string, window: number, layer: number | null = null): void {
		this.#done += work;
		if (work > 0) this.#note();
		const { layers, windows } = this.#task;
		// A task that goes on where all is there has nothing left to do.
		const fraction = this.#task.work === 0 ? 1 : Math.min(1, this.#done / this.#task.work);
		const secondsElapsed = this.secondsElapsed();
		this.#report({
			stage,
			layer,
			layers,
			window,
			windows,
			fraction,
			secondsElapsed,
			secondsLeft:
				fraction < FRACTION_TO_EXTRAPOLATE
					? null
					: (this.secondsWorking() * (1 - fraction)) / fraction,
			rssBytes: rssWithHelpers(),
			tokens: this.#tokens
		});
	}

	#note(): void {
		const seconds = this.secondsWorking();
		this.#first ??= { done: this.#done, seconds };
		if (seconds <= this.#first.seconds + BATCH_SECONDS) this.#first.done = this.#done;
	}

	/** As `add`, of a layer that one window went through. */
	addLayer(work: number, stage: string, window: number, layer: number): void {
		this.addTokens(this.#task.context / this.#task.layers);
		this.add(work, stage, window, layer);
	}

	/** So many tokens more went through all layers; reported with the next progress. */
	addTokens(tokens: number): void {
		this.#tokens += tokens;
	}

	/** Waits for what is no work of the task: a process that starts and loads the model, however small the task. */
	async waitFor<Value>(stage: string, starting: Promise<Value>): Promise<Value> {
		this.add(0, stage, 0);
		const before = performance.now();
		const value = await starting;
		this.#waited += (performance.now() - before) / 1000;
		return value;
	}

	/**
	 * Work per second. Where work was reported more than once, from the first report on: what comes before it is also the start,
	 * which takes a minute where files are read for the first time.
	 */
	rate(): number {
		const { done, seconds } = this.#first ?? { done: 0, seconds: 0 };
		if (this.#done > done) return (this.#done - done) / (this.secondsWorking() - seconds);
		return this.#done / this.secondsWorking();
	}

	/** Seconds elapsed, but for those of `waitFor`. */
	secondsWorking(): number {
		return this.secondsElapsed() - this.#waited;
	}

	secondsElapsed(): number {
		return (performance.now() - this.#started) / 1000;
	}
}
