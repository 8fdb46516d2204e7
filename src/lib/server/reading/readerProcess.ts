import { fork, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { setTimeout as after } from 'node:timers';
import { serialize } from 'node:v8';
import { InputError, messageOf } from '$analysis/errors.ts';
import { askProcess, endProcess, hasEnded, type TimeLimit } from '$analysis/process/ask.ts';
import { BusyError } from '../errors.ts';
import type {
	Answer,
	Question,
	QuestionKind,
	Questions,
	Reader,
	ReaderMessage
} from '$analysis/measure/questions.ts';

const STDERR = 2;
const WORDS = {
	who: 'the process that reads models and texts',
	advice: 'choose fewer or shorter texts'
};

/** Long texts and large vocabularies take some seconds; more than this most likely never ends. */
const TIME_LIMIT_MS = 30_000;
/** Words for the error of a question that takes too long: `what` was read, and `why` it is slow, with advice. */
interface Slow {
	what: string;
	why: string;
}

const OF_MODELS: Slow = {
	what: 'the model and its texts',
	why: 'a pattern in tokenizer.json may never end on this text. Choose a shorter or another text, or run the command'
};
const OF_RUN_KINDS: readonly QuestionKind[] = [
	'similarity',
	'heads',
	'comparison',
	'windows',
	'rows',
	'handover',
	'bundle',
	'bundleIn'
];
const OF_RUNS: Slow = { what: 'the run', why: 'it is large. Use the command' };

/** Questions that wait for one process; each may hold the texts of a request. */
const MAX_WAITING = 16;
/** A process holds a tokenizer, some 100 MB; it goes when nobody asks. */
const IDLE_MS = 60_000;
/** For this long an estimate stands: the job that is queued after it asks the same again. */
const ESTIMATE_STANDS_MS = 30_000;
/** For this long a question that did not end in time is not tried again. */
const ENDLESS_STANDS_MS = 300_000;
const MAX_REMEMBERED = 64;

export interface ReaderOptions {
	/** Built from cli/reader.ts. */
	file: string;
	timeLimitMs?: number;
}

/** Answers questions in processes of their own: one for the lists and pages of models, one for runs, one for estimates. */
export class ReaderProcesses implements Reader {
	readonly #models: Lane;
	readonly #runs: Lane;
	readonly #estimates: Lane;

	constructor(options: ReaderOptions) {
		this.#models = new Lane(options, 0, OF_MODELS);
		this.#runs = new Lane(options, 0, OF_RUNS);
		this.#estimates = new Lane(options, ESTIMATE_STANDS_MS, OF_MODELS);
	}

	async ask<Kind extends QuestionKind>(
		kind: Kind,
		asked: Questions[Kind]['asked'],
		signal?: AbortSignal
	): Promise<Answer<Kind>> {
		const lane = isOfModels(kind) ? this.#models : isOfRuns(kind) ? this.#runs : this.#estimates;
		// A process answers the kind that it was asked.
		return await lane.ask({ kind, asked } as Question, signal);
	}

	/** Ends the processes. */
	stop(): void {
		this.#models.stop();
		this.#runs.stop();
		this.#estimates.stop();
	}
}

function isOfModels(kind: QuestionKind): boolean {
	return kind === 'models' || kind === 'report' || kind === 'plan';
}

function isOfRuns(kind: QuestionKind): boolean {
	return OF_RUN_KINDS.includes(kind);
}

/** One process at most, which answers one question at a time. */
class Lane {
	readonly #file: string;
	readonly #limit: TimeLimit;
	#child: ChildProcess | null = null;
	/** Time at which the script of the process was built, ms; `npm run dev` builds it anew while the server runs. */
	#builtMs = 0;
	#line: Promise<unknown> = Promise.resolve();
	#waiting = 0;
	#stopped = false;
	#idle: NodeJS.Timeout | undefined;
	readonly #answerStandsMs: number;
	/** By what was asked: the answer, or null where it did not end in time; and until when that stands. */
	readonly #remembered = new Map<string, { answer: Answer | null; until: number }>();

	constructor(
		{ file, timeLimitMs = TIME_LIMIT_MS }: ReaderOptions,
		answerStandsMs: number,
		{ what, why }: Slow
	) {
		this.#file = file;
		this.#answerStandsMs = answerStandsMs;
		const tooLong = `reading ${what} took more than ${timeLimitMs / 1000} s and was stopped: ${why}, which has no time limit`;
		this.#limit = { ms: timeLimitMs, tooLong };
	}

	async ask(question: Question, signal?: AbortSignal): Promise<Answer> {
		if (this.#waiting >= MAX_WAITING) {
			throw new BusyError('the server is busy reading models and texts; try again in a moment');
		}
		this.#waiting += 1;
		const answer = this.#line.then(() => this.#answer(question, signal));
		this.#line = answer.catch(() => undefined);
		try {
			return await answer;
		} finally {
			this.#waiting -= 1;
		}
	}

	/** Ends the process; what still waits is refused, or it would start another one. */
	stop(): void {
		this.#stopped = true;
		clearTimeout(this.#idle);
		if (this.#child) void endProcess(this.#child);
	}

	async #answer(question: Question, signal?: AbortSignal): Promise<Answer> {
		signal?.throwIfAborted();
		this.#refuseOnceStopped();
		clearTimeout(this.#idle);
		const key = createHash('sha256').update(serialize(question)).digest('base64');
		const known = this.#remembered.get(key);
		if (known && known.until > Date.now()) {
			if (known.answer === null) throw new InputError(this.#limit.tooLong);
			return known.answer;
		}
		const child = this.#started();
		try {
			const { answer } = await askProcess<ReaderMessage>(child, question, WORDS, this.#limit);
			this.#remember(key, answer, this.#answerStandsMs);
			return answer;
		} catch (error) {
			this.#refuseOnceStopped();
			if (messageOf(error) === this.#limit.tooLong) this.#remember(key, null, ENDLESS_STANDS_MS);
			throw error;
		} finally {
			this.#idle = after(() => void endProcess(child), IDLE_MS);
			this.#idle.unref();
		}
	}

	/** Throws BusyError once the server stops, whatever became of a question meanwhile. */
	#refuseOnceStopped(): void {
		if (this.#stopped) throw new BusyError('the server is stopping');
	}

	/** The process, a new one where there is none or it ends. */
	#started(): ChildProcess {
		if (!existsSync(this.#file)) {
			throw new Error('dist/reader.js is missing; build it: npm run build');
		}
		const builtMs = statSync(this.#file).mtimeMs;
		if (this.#child !== null && !this.#child.killed && !hasEnded(this.#child)) {
			if (builtMs === this.#builtMs) return this.#child;
			void endProcess(this.#child);
		}
		this.#builtMs = builtMs;
		this.#child = fork(this.#file, [], {
			serialization: 'advanced',
			execArgv: ['--enable-source-maps'],
			stdio: ['ignore', STDERR, STDERR, 'ipc']
		});
		return this.#child;
	}

	#remember(key: string, answer: Answer | null, standsMs: number): void {
		if (standsMs === 0) return;
		this.#remembered.delete(key);
		this.#remembered.set(key, { answer, until: Date.now() + standsMs });
		const oldest = this.#remembered.keys().next().value;
		if (this.#remembered.size > MAX_REMEMBERED && oldest !== undefined) {
			this.#remembered.delete(oldest);
		}
	}
}
