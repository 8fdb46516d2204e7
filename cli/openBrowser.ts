import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const OPENERS: Partial<Record<NodeJS.Platform, [string, ...string[]]>> = {
	darwin: ['open'],
	win32: ['cmd', '/c', 'start', '']
};

/**
 * Opens an address in the user's browser, by way of a file that only they may read: what a process is started with, every
 * user of the machine can see, and the address may have a token in it. The file goes when this process ends. Where there
 * is no browser nothing happens: the address was printed.
 */
export function openPage(url: string): void {
	const folder = mkdtempSync(join(tmpdir(), 'spanwise-open-')); // mode 0700
	process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
	const file = join(folder, 'spanwise.html');
	writeFileSync(file, redirectTo(url), { mode: 0o600 });
	const [command, ...before] = OPENERS[process.platform] ?? ['xdg-open'];
	const child = spawn(command, [...before, file], { stdio: 'ignore', detached: true });
	child.on('error', () => undefined);
	child.unref();
}

/** A page that goes on to an address, which has no characters that mean something to HTML but &. */
function redirectTo(url: string): string {
	const address = url.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
	return `<!doctype html><meta charset="utf-8"><title>Spanwise</title><meta http-equiv="refresh" content="0; url=${address}"><p><a href="${address}">Open Spanwise</a></p>\n`;
}
