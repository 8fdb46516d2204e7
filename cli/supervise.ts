import { fork } from 'node:child_process';
import { constants } from 'node:os';
import { kinds } from '../analysis/measure/lookup.ts';
import { withAllocator } from '../analysis/process/allocator.ts';
import { deathInWords, isCrash, isOfMemory, type Death } from '../analysis/process/death.ts';
import { nodeOptions } from '../analysis/process/nodeOptions.ts';
import { sayError, type Io } from './io.ts';

/** Commands that run a model, or open one with onnxruntime. */
const RUNNING: readonly string[] = [
	'apply',
	'inspect',
	'figure',
	'dynamics',
	...kinds().map(({ kind }) => kind)
];

/** Tells a process that it is the command's own child; its value is the parent's number. */
const PARENT = 'SPANWISE_PARENT';
/** Signals that are passed on: a terminal sends them to both processes, `kill` to one. */
const PASSED_ON = ['SIGINT', 'SIGTERM'] as const;
const SIGNALLED = 128;
const INTERNAL = 1;
const USER_FAULT = 2;
const ADVICE = 'use a smaller context, fewer windows or a lower --memory';

/** Message from the child: the model that it is about to run. */
interface Report {
	model: string;
}

/**
 * Tells whether a command line is to run in a child process: onnxruntime ends its whole process on some models that
 * are valid, without a word. A command line that merely has such a word in it may run there too.
 */
export function runsModel(args: readonly string[]): boolean {
	return !isChild() && args.some((arg) => RUNNING.includes(arg));
}

/**
 * Runs the same command line in a child process that has this one's streams; its exit code. Where the child dies,
 * the reason and the model are said on stderr, and the exit code is 2 for want of memory, 1 for a crash.
 */
export async function runInChild(file: string, args: readonly string[], io: Io): Promise<number> {
	const child = fork(file, args, {
		stdio: 'inherit',
		execArgv: nodeOptions(),
		env: { ...withAllocator(), [PARENT]: String(process.pid) }
	});
	const known: { model: string; passed: NodeJS.Signals | null } = {
		model: 'the command',
		passed: null
	};
	child.on('message', ({ model }: Report) => (known.model = model));
	const handlers = PASSED_ON.map((signal) => {
		const handler = () => {
			known.passed = signal;
			child.kill(signal);
		};
		process.on(signal, handler);
		return () => process.off(signal, handler);
	});
	const death = await new Promise<Death>((resolve, reject) => {
		child.on('error', reject);
		child.on('exit', (code, signal) => resolve({ code, signal }));
	}).finally(() => {
		for (const off of handlers) off();
	});
	const { code, signal } = death;
	if (signal === null && !isCrash(death)) return code ?? INTERNAL;
	if (signal !== null && signal === known.passed) return SIGNALLED + constants.signals[signal];
	sayError(io, deathInWords(death, `the process that ran ${known.model}`, ADVICE));
	return isOfMemory(death) ? USER_FAULT : INTERNAL;
}

/** Reports to the parent which model is about to be run, for what it says where this process dies. */
export function reportModel(model: string): void {
	if (isChild()) process.send?.({ model } satisfies Report, undefined, undefined, () => undefined);
}

/** In the child: ends it, as a signal would, once its parent is gone. */
export function endWithParent(): void {
	if (!isChild()) return;
	process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
	// Waiting for that is no reason to live on.
	process.channel?.unref();
}

function isChild(): boolean {
	return process.env[PARENT] === String(process.ppid);
}
