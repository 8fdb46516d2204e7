import { Worker } from 'node:worker_threads';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { InputError } from '../errors.ts';
import { divideAmongStreams } from './divideWork.ts';
import type { LayerSources, PlannedLayers } from './forward.ts';
import type { PlanAsk, PlanMessage, PlanQuestion, PlanThreadSetup } from './planThread.ts';
import type { LossSink, OnWork, OutputError, Pair, Plans, Sequence } from './plans.ts';
import type { LayerRepairs } from './repair/repairs.ts';

/** The program of a thread, as it is built beside the command. */
const PROGRAM = fileURLToPath(new URL('planThread.js', new URL('./', import.meta.url)));

/** Returns true if threads can be started; false where the program runs from its sources, as in tests. */
export function hasPlanThreads(): boolean {
	return existsSync(PROGRAM);
}

/** A thread that answers a `PlanAsk` by `PlanMessage`s. */
export interface PlanThread {
	ask(ask: PlanAsk): void;
	onMessage(listener: (message: PlanMessage) => void): void;
	/** Called where it ends before it is closed, and why. */
	onEnd(listener: (error: Error) => void): void;
	close(): Promise<void>;
}

/** Starts a thread of the built program. */
export function startPlanThread(setup: PlanThreadSetup): PlanThread {
	const worker = new Worker(PROGRAM, { workerData: setup });
	return {
		ask: (ask) => worker.postMessage(ask),
		onMessage: (listener) => worker.on('message', listener),
		onEnd: (listener) => {
			worker.on('error', listener);
			worker.on('exit', () => listener(new Error('a thread that runs plans ended without a word')));
		},
		close: async () => {
			await worker.terminate();
		}
	};
}

/** Sequences that a thread is asked about, by their places in the whole question. */
interface Portion {
	at: number[];
	question: Asked;
}

type Asked = PlanQuestion extends infer Ask
	? Ask extends PlanQuestion
		? Omit<Ask, 'id' | 'sequences'>
		: never
	: never;

/** Callbacks for the messages of a thread about one question, and for its failure. */
interface Listener {
	onMessage: (message: PlanMessage) => void;
	failed: (error: Error) => void;
}

/**
 * Runs plans in several threads, each with weights of its own: two windows beside one another, on one core each, take less
 * than two thirds of the time that one after the other takes on both. What is not about one window is left to `whole`.
 */
export class PlanTeam implements Plans {
	readonly #members: readonly Member[];
	readonly #whole: () => Plans;
	#opened: Plans | null = null;
	readonly #numbers = new Map<readonly number[], number>();

	constructor(threads: readonly PlanThread[], whole: () => Plans) {
		this.#members = threads.map((thread) => new Member(thread));
		this.#whole = whole;
	}

	async losses(
		plans: readonly PlannedLayers[],
		sequences: readonly Sequence[],
		scored: number,
		sink: LossSink
	): Promise<void> {
		const missing = plans.map((_, plan) =>
			sequences.map((__, window) => sink.isMissing(plan, window))
		);
		const portions = divideAmongStreams(missing, plans, this.#members.length).map(
			(wanted): Portion => {
				const at = [...sequences.keys()].filter((window) => wanted.some((row) => row[window]));
				const own = [...plans.keys()].filter((plan) => wanted[plan].some(Boolean));
				return {
					at,
					question: {
						verb: 'losses',
						// Numbers stay those of all plans: what a thread is not asked for is not sent to it.
						plans: plans.map((plan, index) =>
							own.includes(index) ? plan : { sources: plan.sources }
						),
						scored,
						wanted: wanted.map((row) => at.map((window) => row[window]))
					}
				};
			}
		);
		let written: Promise<void> = Promise.resolve();
		await this.#askAll(portions, sequences, ({ at }, message) => {
			if (message.kind === 'work')
				sink.onWork?.(message.plan, message.work, at[message.window], message.layer);
			if (message.kind !== 'losses') return;
			const { plan, window, losses } = message;
			written = written.then(() => sink.onLosses(plan, at[window], losses));
			// It is awaited once all have answered.
			written.catch(() => undefined);
		});
		await written;
	}

	async outputErrors(
		pairs: readonly Pair[],
		sequences: readonly Sequence[],
		onWork: OnWork = () => undefined
	): Promise<OutputError[][]> {
		if (pairs.length === 0) return [];
		const found = await this.#bySequence({ verb: 'outputErrors', pairs }, sequences, onWork);
		return pairs.map((_, pair) => found.flatMap(({ result }) => (result as OutputError[][])[pair]));
	}

	async turned(
		sources: LayerSources,
		sequences: readonly Sequence[],
		onWork: OnWork = () => undefined
	): Promise<number[]> {
		const found = await this.#bySequence({ verb: 'turned', sources }, sequences, onWork);
		const tokens = found.map(({ at }) =>
			at.reduce((sum, window) => sum + sequences[window].ids.length, 0)
		);
		const all = tokens.reduce((sum, each) => sum + each, 0);
		return sources.map((_, layer) =>
			found.reduce(
				(sum, { result }, part) => sum + (tokens[part] / all) * (result as number[])[layer],
				0
			)
		);
	}

	repair(
		plan: Pick<PlannedLayers, 'sources' | 'headMaps'>,
		sequences: readonly Sequence[],
		strengths: readonly number[],
		onWork?: OnWork
	): Promise<LayerRepairs[]> {
		this.#opened ??= this.#whole();
		return this.#opened.repair(plan, sequences, strengths, onWork);
	}

	async close(): Promise<void> {
		await this.#opened?.close();
		for (const member of this.#members) await member.close();
	}

	/** Asks every thread about its part of the sequences. */
	async #bySequence(
		question: Asked,
		sequences: readonly Sequence[],
		onWork: OnWork
	): Promise<{ at: number[]; result: PlanResult }[]> {
		const count = this.#members.length;
		const portions = this.#members.map((_, member): Portion => {
			const [first, end] = [member, member + 1].map((edge) =>
				Math.round((edge * sequences.length) / count)
			);
			return { at: [...sequences.keys()].slice(first, end), question };
		});
		return this.#askAll(portions, sequences, ({ at }, message) => {
			if (message.kind === 'work') onWork(message.work, at[message.window], message.layer);
		});
	}

	/** Asks each thread its portion, and waits for all; a portion without sequences is not asked. */
	async #askAll(
		portions: readonly Portion[],
		sequences: readonly Sequence[],
		onMessage: (portion: Portion, message: PlanMessage) => void
	): Promise<{ at: number[]; result: PlanResult }[]> {
		const asked = portions.flatMap((portion, index) => {
			if (portion.at.length === 0) return [];
			const numbered = portion.at.map((window) => this.#numbered(sequences[window].ids));
			const notify = (each: PlanMessage) => onMessage(portion, each);
			const result = this.#members[index].ask(portion.question, numbered, notify);
			return [result.then((found) => ({ at: portion.at, result: found }))];
		});
		return Promise.all(asked);
	}

	#numbered(ids: readonly number[]): { number: number; ids: readonly number[] } {
		const number = this.#numbers.get(ids) ?? this.#numbers.size;
		this.#numbers.set(ids, number);
		return { number, ids };
	}
}

type PlanResult = Extract<PlanMessage, { kind: 'done' }>['result'];

/** One thread, and what it is being asked. */
class Member {
	readonly #thread: PlanThread;
	/** Numbers of the sequences that it has. */
	readonly #sent = new Set<number>();
	readonly #listeners = new Map<number, Listener>();
	readonly #running = new Set<Promise<unknown>>();
	#failure: Error | null = null;
	#asked = 0;

	constructor(thread: PlanThread) {
		this.#thread = thread;
		thread.onMessage((message) => this.#listeners.get(message.id)?.onMessage(message));
		thread.onEnd((error) => this.#fail(error));
	}

	#fail(error: Error): void {
		this.#failure ??= error;
		for (const { failed } of this.#listeners.values()) failed(this.#failure);
	}

	async ask(
		question: Asked,
		sequences: readonly { number: number; ids: readonly number[] }[],
		onMessage: (message: PlanMessage) => void
	): Promise<PlanResult> {
		if (this.#failure !== null) throw this.#failure;
		const id = this.#asked++;
		const unsent = sequences.map(({ number, ids }) =>
			this.#sent.has(number) ? { number } : { number, ids }
		);
		for (const { number } of sequences) this.#sent.add(number);
		const answer = new Promise<PlanResult>((resolve, reject) => {
			const notify = (each: PlanMessage) => {
				if (each.kind === 'done') resolve(each.result);
				else if (each.kind === 'failed')
					reject(each.fault === 'input' ? new InputError(each.message) : new Error(each.message));
				else onMessage(each);
			};
			this.#listeners.set(id, { onMessage: notify, failed: (error) => reject(error) });
			this.#thread.ask({ id, sequences: unsent, ...question });
		}).finally(() => {
			this.#listeners.delete(id);
			this.#running.delete(answer);
		});
		this.#running.add(answer);
		return answer;
	}

	/** Ends the thread, once what runs in it has come to a stop: in the middle of a call it would end the process. */
	async close(): Promise<void> {
		if (this.#listeners.size > 0) this.#thread.ask({ verb: 'stop' });
		await Promise.allSettled(this.#running);
		await this.#thread.close();
	}
}
