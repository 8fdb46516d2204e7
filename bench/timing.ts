/** Middle and spread of repeated timings. */
export interface Timing {
	medianMs: number;
	lowMs: number;
	highMs: number;
	repeats: number;
}

export function summary(milliseconds: number[]): Timing {
	const sorted = milliseconds.toSorted((a, b) => a - b);
	return {
		medianMs: sorted[Math.floor(sorted.length / 2)],
		lowMs: sorted[0],
		highMs: sorted[sorted.length - 1],
		repeats: sorted.length
	};
}

/** Something to be timed. What it needs is made ready first, untimed, and let go of afterwards. */
export interface Job {
	/** Makes ready; returns what is to be timed and what lets go. */
	ready: () => Promise<{ timed: () => Promise<void>; done: () => Promise<void> }>;
}

/** A job that needs nothing made ready. */
export function plainJob(timed: () => Promise<void>): Job {
	return { ready: () => Promise.resolve({ timed, done: () => Promise.resolve() }) };
}

/**
 * Runs the jobs in turn, `repeats` times each after one warm-up, so that whatever else the machine does falls
 * on all of them alike.
 */
export async function alternate<Name extends string>(
	jobs: Record<Name, Job>,
	repeats: number
): Promise<Record<Name, Timing>> {
	const names = Object.keys(jobs) as Name[];
	const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
		Name,
		number[]
	>;
	for (let repeat = -1; repeat < repeats; repeat++) {
		for (const name of names) {
			const { timed, done } = await jobs[name].ready();
			const started = performance.now();
			await timed();
			if (repeat >= 0) times[name].push(performance.now() - started);
			await done();
		}
	}
	return Object.fromEntries(names.map((name) => [name, summary(times[name])])) as Record<
		Name,
		Timing
	>;
}
