import { isInputError, messageOf } from '../errors.ts';
import { openModel, requireCheckpoint } from '../model/open.ts';
import { CheckpointPlans } from './checkpointPlans.ts';
import type { LayerSources, PlannedLayers } from './forward.ts';
import type { MemoryPlan } from './memory.ts';
import type { OutputError, Pair, Plans, Sequence } from './plans.ts';
import { useThreads } from './session.ts';

/** Data that a thread is started with. */
export interface PlanThreadSetup {
	/** Path of the checkpoint. */
	path: string;
	memory: Pick<MemoryPlan, 'resident' | 'windowsPerGroup' | 'keptWindows'>;
	/** The length that decides how queries are cut into blocks. */
	context: number;
	/** Threads of one operator. */
	threads: number;
}

/** A sequence by its number; its token ids only the first time, so that what is kept of it is found again. */
export interface NumberedSequence {
	number: number;
	ids?: readonly number[];
}

/** Message to a thread: a question, or the order to stop, its answers being no longer wanted. */
export type PlanAsk = PlanQuestion | { verb: 'stop' };

export type PlanQuestion = { id: number; sequences: NumberedSequence[] } & (
	| { verb: 'losses'; plans: readonly PlannedLayers[]; scored: number; wanted: boolean[][] }
	| { verb: 'outputErrors'; pairs: readonly Pair[] }
	| { verb: 'turned'; sources: LayerSources }
);

/** Message from a thread about the question `id`: losses as they come, work that was done, its end or its failure. */
export type PlanMessage = { id: number } & (
	| { kind: 'losses'; plan: number; window: number; losses: Float64Array }
	| { kind: 'work'; plan: number; work: number; window: number; layer: number | null }
	| { kind: 'done'; result: OutputError[][] | number[] | null }
	| { kind: 'failed'; fault: 'input' | 'own'; message: string }
);

/** The end of a channel to whoever asks. */
export interface PlanPort {
	on(event: 'message', listener: (ask: PlanAsk) => void): unknown;
	postMessage(message: PlanMessage): void;
}

/** Runs plans on sequences, as it is asked over `port`, one question after another. Returns what ends it. */
export async function servePlans(
	port: PlanPort,
	setup: PlanThreadSetup
): Promise<() => Promise<void>> {
	useThreads(setup.threads);
	const model = await openModel(setup.path);
	requireCheckpoint(model);
	const plans = new CheckpointPlans(model, setup.memory, setup.context);
	const known = new Map<number, Sequence>();
	let isStopped = false;
	const stopping = () => {
		if (isStopped) throw new Error('stopped');
	};
	let last: Promise<void> = Promise.resolve();
	port.on('message', (ask) => {
		if (ask.verb === 'stop') {
			isStopped = true;
			return;
		}
		last = last
			.then(() => answer(ask))
			.catch((error: unknown) => {
				const fault = isInputError(error) ? 'input' : 'own';
				port.postMessage({ id: ask.id, kind: 'failed', fault, message: messageOf(error) });
			});
	});

	return async () => {
		await plans.close();
		await model.close();
	};

	async function answer(ask: PlanQuestion): Promise<void> {
		const { id } = ask;
		const sequences = ask.sequences.map(({ number, ids }) => {
			if (ids !== undefined) known.set(number, { ids });
			const sequence = known.get(number);
			if (sequence === undefined) throw new Error(`sequence ${number} was not sent`);
			return sequence;
		});
		stopping();
		const result = await found(ask, sequences, plans, { port, stopping });
		port.postMessage({ id, kind: 'done', result });
	}
}

async function found(
	ask: PlanQuestion,
	sequences: Sequence[],
	plans: Plans,
	{ port, stopping }: { port: PlanPort; stopping: () => void }
): Promise<OutputError[][] | number[] | null> {
	const { id } = ask;
	// Called after each layer: the thread has seen by then whether it is to stop.
	const onWork = (work: number, window: number, layer: number | null, plan = 0) => {
		stopping();
		port.postMessage({ id, kind: 'work', plan, work, window, layer });
	};
	switch (ask.verb) {
		case 'losses':
			await plans.losses(ask.plans, sequences, ask.scored, {
				isMissing: (plan, window) => ask.wanted[plan][window],
				onLosses: (plan, window, losses) => {
					port.postMessage({ id, kind: 'losses', plan, window, losses });
					return Promise.resolve();
				},
				onWork: (plan, work, window, layer) => onWork(work, window, layer, plan)
			});
			return null;
		case 'outputErrors':
			return plans.outputErrors(ask.pairs, sequences, onWork);
		case 'turned':
			return plans.turned(ask.sources, sequences, onWork);
	}
}
