import { peakWithHelpers, rssWithHelpers, useOfHelpers } from '../process/helpers.ts';
import type { Progress } from './progress.ts';
import type { Telemetry, TelemetrySample } from './telemetry.ts';
import { ThinnedSamples } from './thinnedSamples.ts';

/** Over less than this, a rate says more of the scheduler than of the work. */
const SAMPLE_SECONDS = 0.2;

/** All of telemetry but its samples. */
export type TelemetrySums = Omit<Telemetry, 'samples'>;

/** Readings of time, processor use and memory. */
export interface Gauges {
	/** Since some fixed moment. */
	seconds(): number;
	/** Of all threads of the process, and of processes that work for it. */
	cpuSeconds(): number;
	rssBytes(): number;
	/** The highest resident set so far, with that of processes that work for it. */
	peakRssBytes(): number;
}

const ofThisProcess: Gauges = {
	seconds: () => performance.now() / 1000,
	cpuSeconds: () => {
		const { user, system } = process.cpuUsage();
		return (user + system) / 1e6 + useOfHelpers().cpuSeconds;
	},
	rssBytes: rssWithHelpers,
	peakRssBytes: peakWithHelpers
};

/**
 * Records the resources that a job uses, by its progress. The time before the first progress is the stage "preparing",
 * that after the last "finishing"; the time between two belongs to the stage of the later, which reports work done.
 */
export class TelemetryRecorder {
	readonly #gauges: Gauges;
	readonly #began: { seconds: number; cpuSeconds: number };
	readonly #samples = new ThinnedSamples();
	readonly #stages = new Map<string, number>();
	#seconds = 0;
	#tokens = 0;
	#sampled = { seconds: 0, cpuSeconds: 0, tokens: 0 };

	constructor(gauges: Gauges = ofThisProcess) {
		this.#gauges = gauges;
		this.#began = { seconds: gauges.seconds(), cpuSeconds: gauges.cpuSeconds() };
	}

	/** Takes up progress as it comes; returns the newest sample, where one was due. */
	add({ stage, tokens, rssBytes }: Progress): TelemetrySample | null {
		const first = this.#stages.size === 0;
		this.#tokens = tokens;
		return this.#step(first ? 'preparing' : stage, rssBytes);
	}

	/** A listener to progress that takes it up and then passes it on. */
	watching(next: (progress: Progress) => void): (progress: Progress) => void {
		return (progress) => {
			this.add(progress);
			next(progress);
		};
	}

	sums(): TelemetrySums {
		return {
			stages: [...this.#stages].map(([stage, seconds]) => ({ stage, seconds: rounded(seconds) })),
			peakRssBytes: this.#gauges.peakRssBytes(),
			cpuSeconds: rounded(this.#cpuSeconds()),
			tokens: Math.round(this.#tokens),
			seconds: rounded(this.#seconds)
		};
	}

	/** All of it; to be called when the job is at its end. */
	finish(): Telemetry {
		this.#step('finishing', this.#gauges.rssBytes());
		return { samples: this.#samples.list(), ...this.sums() };
	}

	#step(words: string, rssBytes: number): TelemetrySample | null {
		const [stage] = words.split(':');
		const seconds = this.#gauges.seconds() - this.#began.seconds;
		this.#stages.set(stage, (this.#stages.get(stage) ?? 0) + seconds - this.#seconds);
		this.#seconds = seconds;
		const passed = seconds - this.#sampled.seconds;
		if (passed < SAMPLE_SECONDS) return null;
		const cpuSeconds = this.#cpuSeconds();
		const sample: TelemetrySample = {
			seconds: rounded(seconds),
			stage,
			rssBytes,
			cores: rounded((cpuSeconds - this.#sampled.cpuSeconds) / passed),
			tokensPerSecond: rounded((this.#tokens - this.#sampled.tokens) / passed)
		};
		this.#sampled = { seconds, cpuSeconds, tokens: this.#tokens };
		this.#samples.add(sample);
		return sample;
	}

	#cpuSeconds(): number {
		return this.#gauges.cpuSeconds() - this.#began.cpuSeconds;
	}
}

/** To a thousandth: more would be noise, and longer to send. */
function rounded(value: number): number {
	return Math.round(value * 1000) / 1000;
}
