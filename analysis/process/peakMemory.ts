import { readFileSync } from 'node:fs';

const KIB = 1024;

/**
 * The largest resident set of this process so far, in bytes. On Linux it is VmHWM of /proc/self/status, because
 * getrusage's ru_maxrss outlives exec there and may be that of whoever started the process (see getrusage(2)).
 */
export function peakRssBytes(): number {
	return highWaterMark() ?? process.resourceUsage().maxRSS * KIB;
}

function highWaterMark(): number | null {
	try {
		const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
		return kilobytes === undefined ? null : Number(kilobytes) * KIB;
	} catch {
		// Not Linux.
		return null;
	}
}
