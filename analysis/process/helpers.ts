import { peakRssBytes } from './peakMemory.ts';

/** Use of memory and CPU by a process that works for this one. */
export interface ProcessUse {
	/** Resident set, bytes. */
	rssBytes: number;
	/** CPU time so far, seconds. */
	cpuSeconds: number;
}

/** By the helper that owns the process, as long as it runs. */
const uses = new Map<object, ProcessUse>();
/** CPU time of those that have ended. */
let endedCpuSeconds = 0;
let mostRssBytes = 0;

/** Notes what the process of a helper uses now. Its CPU time never falls, though a part of it has ended. */
export function noteUse(helper: object, { rssBytes, cpuSeconds }: ProcessUse): void {
	const before = uses.get(helper)?.cpuSeconds ?? 0;
	uses.set(helper, { rssBytes, cpuSeconds: Math.max(before, cpuSeconds) });
	mostRssBytes = Math.max(mostRssBytes, useOfHelpers().rssBytes);
}

/** Notes that the process of a helper has ended: it holds no memory any more, and its CPU time stays counted. */
export function noteEnd(helper: object): void {
	endedCpuSeconds += uses.get(helper)?.cpuSeconds ?? 0;
	uses.delete(helper);
}

/** Sums what the helpers of this process use. Their CPU time includes those that have ended. */
export function useOfHelpers(): ProcessUse {
	const all = [...uses.values()];
	return {
		rssBytes: all.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
		cpuSeconds: all.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, endedCpuSeconds)
	};
}

/** Resident set of this process and of its helpers, bytes. */
export function rssWithHelpers(): number {
	return process.memoryUsage.rss() + useOfHelpers().rssBytes;
}

/**
 * The largest resident set of this process so far, and the largest that was noted of its helpers, bytes. Both may not have come
 * to it at one time: then it is more than was ever held.
 */
export function peakWithHelpers(): number {
	return peakRssBytes() + mostRssBytes;
}
