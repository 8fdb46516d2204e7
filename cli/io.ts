import { styleText } from 'node:util';

/** Where a command writes; a terminal says so. */
export type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

/** What the command has of the outside world, so that it can be run in a test. */
export interface Io {
	stdin: AsyncIterable<Uint8Array>;
	/** Data, and nothing else. */
	stdout: Output;
	/** Progress and talk. */
	stderr: Output;
	env: Record<string, string | undefined>;
}

/** A line of talk, on stderr. */
export function say(io: Io, line: string): void {
	io.stderr.write(`${line}\n`);
}

/** An error on stderr: one line, whatever the message holds. */
export function sayError(io: Io, message: string): void {
	const label = styleText('red', 'error:', { stream: io.stderr });
	say(io, `${label} ${message.replaceAll(/\s*\n\s*/g, ' ')}`);
}

/** Data for machines, on stdout, in one line. */
export function printJson(io: Io, value: unknown): void {
	io.stdout.write(`${JSON.stringify(value)}\n`);
}
