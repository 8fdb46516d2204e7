import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { dirname, join } from 'node:path';

/** Where Linux shows its control groups. */
const CGROUPS = '/sys/fs/cgroup';
const OWN_GROUP = '/proc/self/cgroup';

/**
 * Bytes that this process may still use: what the machine has free, or what is left of the limit of a container or of any
 * control group around it, whichever is less.
 */
export function freeMemoryBytes(): number {
	const { rss } = process.memoryUsage();
	// 0 or a huge number where there is no limit; it knows the older control groups (v1) too.
	const limit = process.constrainedMemory();
	const ofLimit = limit > 0 && Number.isSafeInteger(limit) ? Math.max(0, limit - rss) : Infinity;
	return Math.min(freemem(), ofLimit, leftInGroups(read(OWN_GROUP), CGROUPS));
}

/**
 * What is left in the group of `membership` (as /proc/self/cgroup has it) and in those around it; Infinity without any
 * limit. What the system keeps of files that were not used lately does not count as used: it goes when memory is asked
 * for. See "Memory Interface Files" of the kernel's cgroup-v2 documentation.
 */
export function leftInGroups(membership: string, root: string): number {
	const path = /^0::(\/.*)$/m.exec(membership)?.[1];
	if (path === undefined) return Infinity;
	let least = Infinity;
	for (let group = path; ; group = dirname(group)) {
		const folder = join(root, group);
		const most = Number(read(join(folder, 'memory.max')).trim() || NaN);
		const used = Number(read(join(folder, 'memory.current')).trim() || NaN);
		// "max" is no number: no limit.
		if (most >= 0 && used >= 0) {
			const idle = /^inactive_file (\d+)$/m.exec(read(join(folder, 'memory.stat')))?.[1];
			least = Math.min(least, Math.max(0, most - Math.max(0, used - Number(idle ?? 0))));
		}
		if (group === '/') return least;
	}
}

function read(path: string): string {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		// Not Linux, or a group without a limit.
		return '';
	}
}
