/** Bootstrap resamples of an interval: 2.5% and 97.5% are then the 25th from either end. */
export const RESAMPLES = 1000;
/** Fraction of the resamples that an interval holds. */
const CONFIDENCE = 0.95;
/** Below this, resampling has too little to draw from for its 2.5% tails. */
const FEW_WINDOWS = 8;
/** Fixed, so that the same run always shows the same interval. */
const SEED = 0x5eed;

/** Unit by which the windows of a run are resampled: 'blocks' of neighbouring windows say nothing about other texts. */
export type ResampledOver = 'documents' | 'blocks';

export interface Draws {
	over: ResampledOver;
	windowCount: number;
	/** [N, RESAMPLES]: how often each window was drawn into each resample. */
	counts: Float64Array;
}

/** A figure with its 95% interval. */
export interface Interval {
	value: number;
	low: number;
	high: number;
}

/**
 * Draws RESAMPLES samples of the windows. `documents` holds the document of each window. With two or
 * more documents: documents with replacement, then as many windows of each as it has. With one: circular
 * blocks of round(N^⅓) neighbouring windows, because neighbours are alike (Politis & Romano 1992; the
 * order N^⅓ after Hall, Horowitz & Jing 1995). null for fewer than two windows. The same documents
 * always give the same draws, so that two runs on the same windows are resampled together.
 */
export function drawWindows(documents: readonly number[]): Draws | null {
	const windowCount = documents.length;
	if (windowCount < 2) return null;
	const random = seeded(SEED);
	const below = (count: number) => Math.floor(random() * count);
	const groups = [...new Set(documents)].map((document) =>
		documents.flatMap((of, window) => (of === document ? [window] : []))
	);
	const over = groups.length > 1 ? 'documents' : 'blocks';
	const blockLength = Math.round(Math.cbrt(windowCount));
	const counts = new Float64Array(windowCount * RESAMPLES);
	for (let r = 0; r < RESAMPLES; r++) {
		if (over === 'documents')
			for (let d = 0; d < groups.length; d++) {
				const group = groups[below(groups.length)];
				for (let w = 0; w < group.length; w++) counts[group[below(group.length)] * RESAMPLES + r]++;
			}
		else
			for (let w = 0; w < windowCount;) {
				const start = below(windowCount);
				for (let i = 0; i < blockLength && w < windowCount; i++, w++)
					counts[((start + i) % windowCount) * RESAMPLES + r]++;
			}
	}
	return { over, windowCount, counts };
}

/**
 * Percentile interval of `samples` [RESAMPLES], which it sorts in place. Widened to hold `value` where the
 * resamples all fall to one side of it, as they can with few windows.
 */
export function intervalOf(value: number, samples: Float64Array): Interval {
	samples.sort();
	const last = samples.length - 1;
	const tail = (1 - CONFIDENCE) / 2;
	return {
		value,
		low: Math.min(value, samples[Math.floor(tail * last)]),
		high: Math.max(value, samples[Math.ceil((1 - tail) * last)])
	};
}

/** Warns, in a sentence, that intervals over so few windows are rough; null where there are windows enough. */
export function roughWords(windows: number, intervals: string): string | null {
	return windows < FEW_WINDOWS
		? `With ${windows} windows ${intervals} are rough, and most likely too narrow.`
		: null;
}

/** Uniform numbers in [0, 1) from a seed: mulberry32, by Tommy Ettinger (public domain). */
export function seeded(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}
