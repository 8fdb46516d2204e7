import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { runAtEnd } from '../analysis/process/atEnd.ts';
import { PARTIAL_PREFIX } from '../analysis/process/partial.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * While a folder is being made, Ctrl-C ends the process at once and takes what was half written with it. Returns
 * a function that ends this watch.
 */
export function removeOnInterrupt(folder: string, onInterrupt: () => void): () => void {
	return watchInterrupts(() => {
		onInterrupt();
		removePartials(folder);
	});
}

/**
 * On Ctrl-C does `last` and what is to be done at the end, then ends the process, by the signal itself: `process.exit` would stop threads in the middle of
 * onnxruntime's calls, which then abort it. Returns a function that ends this watch.
 */
export function watchInterrupts(last: () => void): () => void {
	const handlers = SIGNALS.map((signal) => {
		const handler = () => {
			last();
			runAtEnd();
			process.removeAllListeners(signal);
			process.kill(process.pid, signal);
		};
		process.once(signal, handler);
		return () => process.off(signal, handler);
	});
	return () => {
		for (const off of handlers) off();
	};
}

/** The siblings that the writer of this run fills before it renames one to `runFolder`. */
export function removePartials(runFolder: string): void {
	const parent = dirname(runFolder);
	try {
		for (const name of readdirSync(parent)) {
			if (name.startsWith(`${PARTIAL_PREFIX}${basename(runFolder)}-`)) {
				rmSync(join(parent, name), { recursive: true, force: true });
			}
		}
	} catch {
		// The parent is not there yet, so nothing was written.
	}
}
