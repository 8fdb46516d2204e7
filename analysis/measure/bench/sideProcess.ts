import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type {
	BenchFile,
	BenchModel,
	BenchRound,
	BenchSetting,
	BenchSide,
	OpenSide
} from './benchTypes.ts';
import { askProcess, endProcess, type Failed } from '../../process/ask.ts';

const WORDS = {
	who: 'the process that ran one of the two models',
	advice: 'ask for a shorter prompt or a smaller batch'
};

/** Message from the command to a bench process; `BenchAnswer` is the reply. */
export type BenchAsk = { kind: 'open'; file: BenchFile; setting: BenchSetting } | { kind: 'round' };
export type BenchAnswer =
	{ kind: 'open'; model: BenchModel } | { kind: 'round'; round: BenchRound } | Failed;

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
	const ask = (question: BenchAsk) => askProcess<BenchAnswer>(child, { ...question }, WORDS);
	try {
		const opened = await ask({ kind: 'open', file, setting });
		if (opened.kind !== 'open') throw new Error(`asked to open, answered with ${opened.kind}`);
		return {
			model: opened.model,
			round: async () => {
				const answer = await ask({ kind: 'round' });
				if (answer.kind !== 'round') throw new Error(`asked for a round, got ${answer.kind}`);
				return answer.round;
			},
			close: () => endProcess(child)
		};
	} catch (error) {
		// It would wait for what it is asked next, and keep whoever asked from ending.
		await endProcess(child);
		throw error;
	}
}
