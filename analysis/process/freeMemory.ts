import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { dirname, join } from 'node:path';

/** Folder in which Linux shows its control groups. */
const CGROUPS = '/sys/fs/cgroup';
const OWN_GROUP = '/proc/self/cgroup';
/** Both versions of control groups: how /proc/self/cgroup names one's own, where it lies, and what its files are called. */
const VERSIONS = [
	{
		...{ own: /^0::(\/.*)$/m, under: '', most: 'memory.max', used: 'memory.current' },
		idle: /^inactive_file (\d+)$/m
	},
	{
		...{ own: /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/.*)$/m, under: 'memory' },
		...{ most: 'memory.limit_in_bytes', used: 'memory.usage_in_bytes' },
		idle: /^total_inactive_file (\d+)$/m
	}
];

/**
 * Bytes that this process may still use: what the machine has free, or what is left of the limit of a container or of any
 * control group around it, whichever is less.
 */
export function freeMemoryBytes(): number {
	const { rss } = process.memoryUsage();
	// 0 or a huge number where there is no limit.
	const limit = process.constrainedMemory();
	const ofLimit = limit > 0 && Number.isSafeInteger(limit) ? Math.max(0, limit - rss) : Infinity;
	return Math.min(freemem(), ofLimit, leftInGroups(read(OWN_GROUP), CGROUPS));
}

/**
 * Computes the bytes left in the groups of `membership` (as /proc/self/cgroup has them) and in those around them;
 * Infinity without any limit. What the system keeps of files that were not used lately does not count as used: it goes
 * when memory is asked for. See "Memory Interface Files" of the kernel's cgroup-v2 documentation, and its cgroup-v1
 * "Memory Resource Controller".
 */
export function leftInGroups(membership: string, root: string): number {
	let least = Infinity;
	for (const { own, under, most, used, idle } of VERSIONS) {
		const path = own.exec(membership)?.[1];
		if (path === undefined) continue;
		for (let group = path; ; group = dirname(group)) {
			const folder = join(root, under, group);
			const limit = Number(read(join(folder, most)).trim() || NaN);
			const taken = Number(read(join(folder, used)).trim() || NaN);
			// "max" is no number, and version 1 says no limit by a huge one.
			if (limit >= 0 && taken >= 0 && Number.isSafeInteger(limit)) {
				const kept = Number(idle.exec(read(join(folder, 'memory.stat')))?.[1] ?? 0);
				least = Math.min(least, Math.max(0, limit - Math.max(0, taken - kept)));
			}
			if (group === '/') break;
		}
	}
	return least;
}

function read(path: string): string {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		// Not Linux, or a group without a limit.
		return '';
	}
}
