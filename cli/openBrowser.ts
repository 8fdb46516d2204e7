import { spawn } from 'node:child_process';

const OPENERS: Partial<Record<NodeJS.Platform, [string, ...string[]]>> = {
	darwin: ['open'],
	win32: ['cmd', '/c', 'start', '']
};

/** Opens an address in the user's browser. Where there is none nothing happens: the address was printed. */
export function openBrowser(url: string): void {
	const [command, ...before] = OPENERS[process.platform] ?? ['xdg-open'];
	const child = spawn(command, [...before, url], { stdio: 'ignore', detached: true });
	child.on('error', () => undefined);
	child.unref();
}
