import type { TelemetrySample } from './telemetry.ts';

/** As many as a chart has room for. */
export const MAX_SAMPLES = 240;

/** A sample and the moment since when it holds, seconds. */
interface Stretch {
	from: number;
	sample: TelemetrySample;
}

/** Keeps samples of a job of any length evenly thinned: where there are too many, each two neighbours become one. */
export class ThinnedSamples {
	#kept: Stretch[] = [];
	/** Those that the next one kept is made of. */
	#waiting: Stretch[] = [];
	/** Number of samples that are joined into one that is kept. */
	#each = 1;
	#seconds = 0;

	/** Takes the next sample, which holds since the last. */
	add(sample: TelemetrySample): void {
		this.#waiting.push({ from: this.#seconds, sample });
		this.#seconds = sample.seconds;
		if (this.#waiting.length < this.#each) return;
		this.#kept.push(joined(this.#waiting));
		this.#waiting = [];
		if (this.#kept.length < MAX_SAMPLES) return;
		this.#kept = Array.from({ length: MAX_SAMPLES / 2 }, (_, index) =>
			joined(this.#kept.slice(2 * index, 2 * index + 2))
		);
		this.#each *= 2;
	}

	/** At most MAX_SAMPLES, oldest first. */
	list(): TelemetrySample[] {
		const all = this.#waiting.length === 0 ? this.#kept : [...this.#kept, joined(this.#waiting)];
		return all.map(({ sample }) => sample);
	}
}

/** One of neighbours: rates averaged over time, the highest memory, and the stage of the last. */
function joined(stretches: readonly Stretch[]): Stretch {
	const { from } = stretches[0];
	const last = stretches[stretches.length - 1].sample;
	const average = (of: (sample: TelemetrySample) => number) =>
		stretches.reduce((sum, { from, sample }) => sum + of(sample) * (sample.seconds - from), 0) /
		(last.seconds - from);
	const sample =
		stretches.length === 1
			? last
			: {
					...last,
					rssBytes: Math.max(...stretches.map(({ sample }) => sample.rssBytes)),
					cores: average(({ cores }) => cores),
					tokensPerSecond: average(({ tokensPerSecond }) => tokensPerSecond)
				};
	return { from, sample };
}
