import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type {
	BenchFile,
	BenchModel,
	BenchRound,
	BenchSetting,
	BenchSide,
	OpenSide
} from '../analysis/deploy/benchTypes.ts';
import { InputError } from '../analysis/errors.ts';
import { deathInWords, isOfMemory } from '../src/lib/server/jobs/death.ts';

const ADVICE = 'ask for a shorter prompt or a smaller batch';

/** What the command asks of a bench process, and what it answers. */
export type BenchAsk = { kind: 'open'; file: BenchFile; setting: BenchSetting } | { kind: 'round' };
export type BenchAnswer =
	| { kind: 'open'; model: BenchModel }
	| { kind: 'round'; round: BenchRound }
	| { kind: 'failed'; message: string; fault: 'input' | 'own' };

/**
 * Opens each model in a process of its own, made from the built `worker`, which lies beside whoever asks. Throws
 * InputError where the model is at fault or memory runs out; the process has ended then.
 */
export function benchSides(worker: URL): OpenSide {
	return (file, setting) => forkBenchSide(fileURLToPath(worker), file, setting);
}

async function forkBenchSide(
	worker: string,
	file: BenchFile,
	setting: BenchSetting
): Promise<BenchSide> {
	const child = fork(worker, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
	try {
		const opened = await ask(child, { kind: 'open', file, setting });
		if (opened.kind !== 'open') throw new Error(`asked to open, answered with ${opened.kind}`);
		return {
			model: opened.model,
			round: async () => {
				const answer = await ask(child, { kind: 'round' });
				if (answer.kind !== 'round') throw new Error(`asked for a round, got ${answer.kind}`);
				return answer.round;
			},
			close: () => end(child)
		};
	} catch (error) {
		// It would wait for what it is asked next, and keep whoever asked from ending.
		await end(child);
		throw error;
	}
}

async function ask(
	child: ChildProcess,
	message: BenchAsk
): Promise<Exclude<BenchAnswer, { kind: 'failed' }>> {
	if (hasEnded(child)) throw deathOf(child);
	const listening = new AbortController();
	const { signal } = listening;
	const answered = once(child, 'message', { signal }).then(([answer]) => answer as BenchAnswer);
	const ended = once(child, 'exit', { signal }).then(() => {
		throw deathOf(child);
	});
	// A process that dies before it has read it is reported by 'exit'.
	child.send(message, () => undefined);
	try {
		const answer = await Promise.race([answered, ended]);
		if (answer.kind !== 'failed') return answer;
		if (answer.fault === 'input') throw new InputError(answer.message);
		throw new Error(answer.message);
	} finally {
		for (const waiting of [answered, ended]) waiting.catch(() => undefined);
		listening.abort();
	}
}

async function end(child: ChildProcess): Promise<void> {
	if (hasEnded(child)) return;
	const ended = once(child, 'exit');
	child.kill('SIGKILL');
	await ended;
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
	return exitCode !== null || signalCode !== null;
}

function deathOf({ exitCode: code, signalCode: signal }: ChildProcess): Error {
	const death = { code, signal };
	const words = deathInWords(death, 'the process that ran one of the two models', ADVICE);
	return isOfMemory(death) ? new InputError(words) : new Error(words);
}
