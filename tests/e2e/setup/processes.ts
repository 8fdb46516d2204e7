import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Process ids of the children of a process. Read from /proc where there is one: small systems have no ps. */
export function childrenOf(parent: number): number[] {
	return parents()
		.filter(([, ppid]) => ppid === parent)
		.map(([pid]) => pid);
}

/** Tests if a process was started with this script; false if it has ended. */
export function runsScript(pid: number, script: string): boolean {
	try {
		const command = existsSync('/proc/self/cmdline')
			? readFileSync(`/proc/${pid}/cmdline`, 'utf8')
			: execFileSync('ps', ['-p', `${pid}`, '-o', 'command='], { encoding: 'utf8' });
		return command.includes(script);
	} catch {
		return false; // It has just ended.
	}
}

/** [pid, parent's pid] of every process. */
function parents(): [number, number][] {
	if (!existsSync('/proc/self/stat')) {
		return execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
			.trim()
			.split('\n')
			.map((line) => line.trim().split(/\s+/).map(Number))
			.map(([pid = 0, ppid = 0]) => [pid, ppid]);
	}
	return readdirSync('/proc')
		.filter((name) => /^\d+$/.test(name))
		.map((name) => [Number(name), parentOf(name)]);
}

/** The fourth field of stat; the second, a name in brackets, may hold anything. */
function parentOf(pid: string): number {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
		return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
	} catch {
		return NaN; // It has just ended.
	}
}
