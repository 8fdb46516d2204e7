import { styleText } from 'node:util';
import { printable, quoted } from '../analysis/edge/quote.ts';

/** Stream that a command writes to; `isTTY` is true of a terminal. */
export type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

/** Streams and environment of the command, passed in so that it can be run in a test. */
export interface Io {
	stdin: AsyncIterable<Uint8Array>;
	/** Data, and nothing else. */
	stdout: Output;
	/** Progress and talk. */
	stderr: Output;
	env: Record<string, string | undefined>;
}

/** A message is cut off at this length, whatever it repeats. */
const MAX_LINE = 20_000;

/** A line of talk, on stderr. */
export function say(io: Io, line: string): void {
	io.stderr.write(`${quoted(line, MAX_LINE)}\n`);
}

/** Several lines of talk, on stderr. */
export function sayLines(io: Io, text: string): void {
	io.stderr.write(`${printable(text)}\n`);
}

/** An error on stderr: one line, whatever the message holds. */
export function sayError(io: Io, message: string): void {
	const label = styleText('red', 'error:', { stream: io.stderr });
	io.stderr.write(`${label} ${quoted(message.replaceAll(/\s*\n\s*/g, ' '), MAX_LINE)}\n`);
}

/** Data for machines, on stdout, in one line. */
export function printJson(io: Io, value: unknown): void {
	print(io, `${JSON.stringify(value)}\n`);
}

/** Data for people, on stdout: whatever names are in it, the terminal gets no escape code of theirs. */
export function print(io: Io, text: string): void {
	io.stdout.write(printable(text));
}
