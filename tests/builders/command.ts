import { Writable } from 'node:stream';
import { run } from '../../cli/program.ts';
import { NO_DOWNLOADS } from './noDownloads.ts';

export interface CommandResult {
	code: number;
	stdout: string;
	stderr: string;
}

/** Runs the command in this process, as if typed. No downloaded models are found unless `env` says where. */
export async function runCommand(
	args: readonly string[],
	given: { stdin?: string | Uint8Array; env?: Record<string, string> } = {}
): Promise<CommandResult> {
	const [stdout, stderr] = [new Collected(), new Collected()];
	const code = await run(args, {
		stdin: oneChunk(given.stdin ?? ''),
		stdout,
		stderr,
		env: { ...NO_DOWNLOADS, ...given.env }
	});
	return { code, stdout: stdout.text(), stderr: stderr.text() };
}

class Collected extends Writable {
	readonly #chunks: Buffer[] = [];

	override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
		this.#chunks.push(chunk);
		done();
	}

	text(): string {
		return Buffer.concat(this.#chunks).toString();
	}
}

async function* oneChunk(text: string | Uint8Array): AsyncGenerator<Uint8Array> {
	yield await Promise.resolve(Buffer.from(text));
}
