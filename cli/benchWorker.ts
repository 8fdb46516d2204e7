/**
 * One side of a bench in a process of its own, so that its memory is its own: the command forks this file, names a
 * model, and asks for rounds. The process ends when the command lets go of it.
 */
import { InputError, messageOf } from '../analysis/errors.ts';
import { openBenchSide } from '../analysis/measure/bench/benchSide.ts';
import type { BenchSide } from '../analysis/measure/bench/benchTypes.ts';
import type { BenchAnswer, BenchAsk } from '../analysis/measure/bench/sideProcess.ts';

let side: BenchSide | null = null;

process.on('disconnect', () => process.exit(0));

process.on('message', (ask: BenchAsk) => {
	answer(ask).then(send, (error: unknown) => {
		const fault = error instanceof InputError ? 'input' : 'own';
		send({ kind: 'failed', message: messageOf(error), fault });
	});
});

async function answer(ask: BenchAsk): Promise<BenchAnswer> {
	if (ask.kind === 'open') {
		side = await openBenchSide(ask.file, ask.setting);
		return { kind: 'open', model: side.model };
	}
	if (side === null) throw new Error('asked for a round before a model was opened');
	return { kind: 'round', round: await side.round() };
}

function send(message: BenchAnswer): void {
	process.send?.(message, undefined, undefined, () => undefined);
}
