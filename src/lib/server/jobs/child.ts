import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { InputError } from '$analysis/errors.ts';
import { withAllocator } from '$analysis/process/allocator.ts';
import { deathInWords } from '$analysis/process/death.ts';
import { nodeOptions } from '$analysis/process/nodeOptions.ts';
import type { Task, TaskDone, TaskProgress, WorkerMessage } from '$analysis/measure/messages.ts';

/** A worker that sent its result should end at once; after this long it is ended. */
const END_GRACE_MS = 2000;
const STDERR = 2;
const ADVICE = 'choose a smaller context or fewer windows, or set --memory lower';

export interface RunningTask {
	/** Settles once the process has ended; rejects with a reason in words. */
	result: Promise<TaskDone>;
	/** Ends the process at once: onnxruntime's calls cannot be interrupted in any other way. */
	kill(): void;
}

/**
 * Runs one task in a child process of its own. The web server's process never loads onnxruntime: its calls
 * block, cannot be cancelled and leak, and a crash or an out-of-memory kill must end nothing but the task.
 */
export function startTask(
	workerFile: string,
	task: Task,
	onProgress: (progress: TaskProgress) => void
): RunningTask {
	if (!existsSync(workerFile)) {
		throw new Error('the worker dist/worker.js is missing; build it: npm run build');
	}
	const child = fork(workerFile, [], {
		serialization: 'advanced',
		execArgv: nodeOptions(),
		env: withAllocator(),
		stdio: ['ignore', STDERR, STDERR, 'ipc']
	});
	const result = new Promise<TaskDone>((resolve, reject) => {
		let outcome: (() => void) | null = null;
		let grace: NodeJS.Timeout | undefined;
		child.on('message', (message: WorkerMessage) => {
			if (message.kind === 'progress') {
				onProgress(message);
				return;
			}
			outcome =
				message.kind === 'done'
					? () => resolve(message)
					: () => reject(failure(message.message, message.fault));
			grace = setTimeout(() => child.kill('SIGKILL'), END_GRACE_MS);
		});
		child.on('error', (error) => {
			outcome ??= () => reject(new Error(`the worker could not be started: ${error.message}`));
			if (child.pid === undefined) outcome();
		});
		// 'close' comes after the last message, 'exit' may come before it.
		child.on('close', (code, signal) => {
			clearTimeout(grace);
			if (outcome) outcome();
			else reject(new Error(deathInWords({ code, signal }, 'the worker', ADVICE)));
		});
	});
	// A worker that dies before it has read its task is reported by 'close'.
	child.send(task, () => undefined);
	return { result, kill: () => void child.kill('SIGKILL') };
}

function failure(message: string, fault: 'input' | 'own'): Error {
	return fault === 'input' ? new InputError(message) : new Error(message);
}
