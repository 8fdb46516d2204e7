import { startTask, type RunningTask } from './jobs/child.ts';
import type { AttentionResult, AttentionTask } from '$analysis/measure/messages.ts';

/** Maps are made again in a second or two; this much of them is kept so that going back is instant. */
const MAX_CACHED_BYTES = 256_000_000; // 256 MB

interface Pending {
	result: Promise<AttentionResult>;
	waiting: number;
	/** Ends the task, or takes it out of the line. */
	abandon(): void;
}

/** Attention of one window, made on demand by a worker: one at a time, the latest kept, equal requests shared. */
export class AttentionMaker {
	readonly #workerFile: string;
	/** In order of use, the oldest first. */
	readonly #cache = new Map<string, AttentionResult>();
	#cachedBytes = 0;
	readonly #pending = new Map<string, Pending>();
	#line: Promise<unknown> = Promise.resolve();

	constructor(workerFile: string) {
		this.#workerFile = workerFile;
	}

	/** `key` names the maps for the cache. `signal`: the client is gone; the last one to go ends the work. */
	async get(
		key: string,
		task: Omit<AttentionTask, 'kind'>,
		signal: AbortSignal
	): Promise<AttentionResult> {
		const cached = this.#cache.get(key);
		if (cached) {
			this.#cache.delete(key);
			this.#cache.set(key, cached);
			return cached;
		}
		const pending = this.#pending.get(key) ?? this.#enqueue(key, { kind: 'attention', ...task });
		pending.waiting += 1;
		const leave = () => {
			pending.waiting -= 1;
			if (pending.waiting === 0) pending.abandon();
		};
		signal.addEventListener('abort', leave, { once: true });
		if (signal.aborted) leave();
		try {
			return await pending.result;
		} finally {
			signal.removeEventListener('abort', leave);
		}
	}

	/** Ends what runs. */
	stop(): void {
		for (const pending of this.#pending.values()) pending.abandon();
	}

	#enqueue(key: string, task: AttentionTask): Pending {
		let running: RunningTask | null = null;
		let abandoned = false;
		const make = async (): Promise<AttentionResult> => {
			if (abandoned) throw new Error('no one waits for these attention maps any more');
			running = startTask(this.#workerFile, task, () => undefined);
			const { attention: result } = await running.result;
			if (!result) throw new Error('the worker ended without attention maps');
			this.#remember(key, result);
			return result;
		};
		const result = this.#line.then(make);
		const forget = () => {
			if (this.#pending.get(key) === pending) this.#pending.delete(key);
		};
		const pending: Pending = {
			result,
			waiting: 0,
			abandon: () => {
				abandoned = true;
				// The next who asks for the same maps starts anew instead of joining a task that is ended.
				forget();
				running?.kill();
			}
		};
		this.#pending.set(key, pending);
		this.#line = result.then(forget, forget);
		return pending;
	}

	#remember(key: string, result: AttentionResult): void {
		if (result.data.byteLength > MAX_CACHED_BYTES) return;
		this.#cache.set(key, result);
		this.#cachedBytes += result.data.byteLength;
		for (const [oldest, { data }] of this.#cache) {
			if (this.#cachedBytes <= MAX_CACHED_BYTES) break;
			this.#cache.delete(oldest);
			this.#cachedBytes -= data.byteLength;
		}
	}
}
