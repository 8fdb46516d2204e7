import type { Estimate } from '../analysis/analyze/types.ts';
import { formatBytes, formatDuration } from '../src/lib/format.ts';
import { say, type Io } from './io.ts';

/** Says what a run will take, before it starts, on stderr. */
export function sayEstimate(model: string, estimate: Estimate, io: Io): void {
	const { windows, context, memoryBytes, memoryLimitBytes, seconds, secondsFrom, notes } = estimate;
	for (const note of notes) say(io, `note: ${note}`);
	const from = secondsFrom === 'guess' ? 'a guess' : 'from earlier runs';
	say(
		io,
		`${model}, ${windows} × ${context} tokens: will take ${formatBytes(memoryBytes)} of memory ` +
			`(limit ${formatBytes(memoryLimitBytes)}) and roughly ${formatDuration(seconds)} (${from})`
	);
}
