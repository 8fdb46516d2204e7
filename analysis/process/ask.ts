import type { ChildProcess, Serializable } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { InputError } from '../errors.ts';
import { deathInWords, isOfMemory } from './death.ts';

/** A process in messages, and advice on how it would take less memory. */
export interface ProcessWords {
	who: string;
	advice: string;
}

/** The answer of a process that could not do what it was asked; `input`: the user can mend it. */
export interface Failed {
	kind: 'failed';
	message: string;
	fault: 'input' | 'own';
}

/** Longest time that an answer may take. */
export interface TimeLimit {
	ms: number;
	/** Message for the user if it takes longer. */
	tooLong: string;
}

/**
 * Asks a forked process for something and waits for its answer, which is its next message. Throws InputError where the
 * process says that the input is at fault or where it ran out of memory, Error for any other failure or end. One that
 * takes longer than the `limit` is ended, and InputError says so.
 */
export async function askProcess<Answer extends { kind: string }>(
	child: ChildProcess,
	question: Serializable,
	words: ProcessWords,
	limit?: TimeLimit
): Promise<Exclude<Answer, Failed>> {
	if (hasEnded(child)) throw deathOf(child, words);
	const listening = new AbortController();
	const { signal } = listening;
	const answered = once(child, 'message', { signal }).then(([answer]) => answer as Answer | Failed);
	const ended = once(child, 'exit', { signal }).then(() => {
		throw deathOf(child, words);
	});
	const late = limit && setTimeout(limit.ms, null, { signal }).then(() => endLate(child, limit));
	// A process that dies before it has read the question is reported by 'exit'.
	child.send(question, () => undefined);
	try {
		const answer = await Promise.race([answered, ended, ...(late ? [late] : [])]);
		if (isFailed(answer)) throw failure(answer);
		return answer as Exclude<Answer, Failed>;
	} finally {
		for (const waiting of [answered, ended, late]) waiting?.catch(() => undefined);
		listening.abort();
	}
}

function endLate(child: ChildProcess, { tooLong }: TimeLimit): never {
	child.kill('SIGKILL');
	throw new InputError(tooLong);
}

/** Ends a process at once, and waits until it has ended. */
export async function endProcess(child: ChildProcess): Promise<void> {
	if (hasEnded(child)) return;
	const ended = once(child, 'exit');
	child.kill('SIGKILL');
	await ended;
}

/** The error that a process reported: InputError where the user can mend it. */
export function failure({ message, fault }: Pick<Failed, 'message' | 'fault'>): Error {
	return fault === 'input' ? new InputError(message) : new Error(message);
}

function isFailed(answer: { kind: string }): answer is Failed {
	return answer.kind === 'failed';
}

/** Tells whether a process is gone. */
export function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
	return exitCode !== null || signalCode !== null;
}

function deathOf({ exitCode, signalCode }: ChildProcess, { who, advice }: ProcessWords): Error {
	const death = { code: exitCode, signal: signalCode };
	const words = deathInWords(death, who, advice);
	return isOfMemory(death) ? new InputError(words) : new Error(words);
}
