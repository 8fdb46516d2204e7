import { fork, type ChildProcess } from 'node:child_process';
import type { CompletionRequest, Scored } from '$analysis/measure/scoring/completion.ts';
import type { ScoreAnswer, ScoreAsk } from '$analysis/measure/scoring/messages.ts';
import { withAllocator } from '$analysis/process/allocator.ts';
import { askProcess, hasEnded } from '$analysis/process/ask.ts';
import { BusyError, NotFoundError } from './errors.ts';
import type { Settings } from './settings.ts';

const STDERR = 2;
const WORDS = {
	who: 'the process that scores texts',
	advice: 'serve a smaller model, or send shorter prompts'
};
/** Requests that wait for the process; each holds the ids of its sequences. */
const MAX_WAITING = 16;

/** Scores sequences in a process of its own, one request after another; it is started by the first. */
export class Completions {
	readonly #settings: Pick<Settings, 'completions' | 'home' | 'scoreWorkerFile'>;
	#child: ChildProcess | null = null;
	#line: Promise<unknown> = Promise.resolve();
	#waiting = 0;

	constructor(settings: Pick<Settings, 'completions' | 'home' | 'scoreWorkerFile'>) {
		this.#settings = settings;
	}

	/** Errors: NotFoundError where no model is served, BusyError, InputError where the request is at fault. */
	async score({ model, prompt }: CompletionRequest): Promise<Scored[]> {
		if (this.#settings.completions === null) {
			throw new NotFoundError(
				'no model is served here; start with: spanwise serve --completions MODEL'
			);
		}
		if (this.#waiting >= MAX_WAITING) {
			throw new BusyError(`${MAX_WAITING} requests wait already; send fewer at a time`);
		}
		this.#waiting += 1;
		const answer = this.#line.then(() => this.#ask({ model, sequences: prompt }));
		this.#line = answer.catch(() => undefined);
		try {
			return await answer;
		} finally {
			this.#waiting -= 1;
		}
	}

	/** Ends the process. Calling it again does nothing. */
	stop(): void {
		// It removes what it wrote, which a killed one would leave.
		if (this.#child?.connected === true) this.#child.disconnect();
	}

	async #ask(ask: ScoreAsk): Promise<Scored[]> {
		const child = this.#started();
		try {
			const { scored } = await askProcess<ScoreAnswer>(child, ask, WORDS);
			return scored;
		} catch (error) {
			if (hasEnded(child)) this.#child = null;
			throw error;
		}
	}

	#started(): ChildProcess {
		if (this.#child !== null && this.#child.connected && !hasEnded(this.#child)) return this.#child;
		const { completions, home, scoreWorkerFile } = this.#settings;
		if (completions === null) throw new Error('a process to score without a model');
		const plan = completions.plan === null ? [] : [completions.plan];
		this.#child = fork(scoreWorkerFile, [completions.model, home, ...plan], {
			serialization: 'advanced',
			execArgv: ['--enable-source-maps'],
			env: withAllocator(),
			stdio: ['ignore', STDERR, STDERR, 'ipc']
		});
		return this.#child;
	}
}
