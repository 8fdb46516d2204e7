/**
 * One task in a process of its own: the server forks this file, sends a task, and gets progress and a result.
 * The process ends with its task, because onnxruntime leaks a little with every session, and its calls can be
 * stopped only by ending the process.
 */
import { InputError, messageOf } from '../analysis/errors.ts';
import type { Task, WorkerMessage } from '../analysis/measure/messages.ts';
import { work } from './work.ts';

// The server is gone: nobody wants the result any more. `process.exit` would wait for threads that run plans.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));

process.once('message', (task: Task) => {
	work(task, (progress) => send({ kind: 'progress', ...progress })).then(
		(done) => end({ kind: 'done', ...done }),
		(error: unknown) => {
			const fault = error instanceof InputError ? 'input' : 'own';
			if (fault === 'own') console.error(error);
			end({ kind: 'failed', message: messageOf(error), fault });
		}
	);
});

function send(message: WorkerMessage): void {
	// A server that is gone cannot be told; 'disconnect' ends this process.
	process.send?.(message, undefined, undefined, () => undefined);
}

function end(message: WorkerMessage): void {
	process.send?.(message, undefined, undefined, () => process.exit(0));
}
