import type { Progress } from '../analysis/telemetry/progress.ts';
import { formatDuration } from '../analysis/text/number.ts';
import type { Output } from './io.ts';

/** Faster than this nobody reads. */
const BAR_INTERVAL_MS = 100;
/** Between lines where there is no terminal: enough to see that it goes on, and no flood in a log. */
const LINE_INTERVAL_MS = 2000;
const BAR_WIDTH = 24;
const DEFAULT_COLUMNS = 80;
/** Back to the start of the line, and what stands there erased. */
const CLEAR_LINE = '\r\x1b[K';

export interface ProgressDisplay {
	update: (progress: Progress) => void;
	/** Takes the bar away, so that what comes next begins a line. */
	end: () => void;
}

/** A bar with layer, window and time left on a terminal; plain lines elsewhere. */
export function progressDisplay(output: Output, now = () => performance.now()): ProgressDisplay {
	return output.isTTY ? bar(output, now) : lines(output, now);
}

function bar(output: Output, now: () => number): ProgressDisplay {
	let shown = -Infinity;
	return {
		update(progress) {
			if (now() - shown < BAR_INTERVAL_MS) return;
			shown = now();
			const done = Math.round(progress.fraction * BAR_WIDTH);
			const text = `${'█'.repeat(done)}${'░'.repeat(BAR_WIDTH - done)} ${describe(progress)}`;
			// A line that wraps could not be erased.
			output.write(CLEAR_LINE + text.slice(0, (output.columns ?? DEFAULT_COLUMNS) - 1));
		},
		end() {
			if (shown > -Infinity) output.write(CLEAR_LINE);
		}
	};
}

function lines(output: Output, now: () => number): ProgressDisplay {
	let shown = -Infinity;
	return {
		update(progress) {
			if (now() - shown < LINE_INTERVAL_MS) return;
			shown = now();
			output.write(`${describe(progress)}\n`);
		},
		end: () => undefined
	};
}

/** "43% layers · layer 6 of 0–15 · windows 3/8 · 12 s left" */
function describe(progress: Progress): string {
	const { stage, layer, layers, window, windows, fraction, secondsLeft } = progress;
	const { counted = 'window' } = progress;
	const parts = [`${Math.floor(fraction * 100)}% ${stage}`];
	if (layer !== null) parts.push(`layer ${layer} of 0–${layers - 1}`);
	if (windows > 0) parts.push(`${counted}s ${window}/${windows}`);
	if (secondsLeft !== null) parts.push(`${formatDuration(secondsLeft)} left`);
	return parts.join(' · ');
}
