import type { Estimate } from '../analysis/engine/estimate.ts';
import { formatBytes, formatDuration } from '../analysis/text/number.ts';
import { say, type Io } from './io.ts';

/** Says what a run will take, before it starts, on stderr. `extent`: how much of the model is run, in words. */
export function sayEstimate(
	model: string,
	estimate: Estimate,
	io: Io,
	extent = `${estimate.windows} × ${estimate.context} tokens`
): void {
	const { memoryBytes, memoryLimitBytes, seconds, secondsFrom, notes } = estimate;
	for (const note of notes) say(io, `note: ${note}`);
	const from = secondsFrom === 'guess' ? 'a guess' : 'from earlier runs';
	say(
		io,
		`${model}, ${extent}: will take ${formatBytes(memoryBytes)} of memory ` +
			`(limit ${formatBytes(memoryLimitBytes)}) and roughly ${formatDuration(seconds)} (${from})`
	);
}
