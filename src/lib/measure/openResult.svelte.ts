import { messageOf } from '$analysis/errors.ts';
import type { StoredResult } from '$analysis/measure/results/types.ts';
import { requestJson } from '../client/request.ts';

/** The stored result that a tab shows. To be made while a component is: it follows an id, of which null opens none. */
export class OpenResult {
	failure = $state<string | null>(null);
	#loaded = $state.raw<StoredResult | null>(null);
	readonly #id: () => string | null;

	constructor(id: () => string | null) {
		this.#id = id;
		$effect(() => {
			const wanted = id();
			if (wanted === null) return;
			const stop = new AbortController();
			void this.#load(wanted, stop.signal);
			return () => stop.abort();
		});
	}

	get id(): string | null {
		return this.#id();
	}

	/** One is open, and has not come. */
	get pending(): boolean {
		return this.stored === null && this.id !== null && this.failure === null;
	}

	/** null: none is open, or it has not come. The one before stays until the next has come. */
	get stored(): StoredResult | null {
		return this.id === null ? null : this.#loaded;
	}

	async #load(id: string, signal: AbortSignal): Promise<void> {
		if (this.#loaded?.id === id) return;
		this.failure = null;
		try {
			this.#loaded = await requestJson<StoredResult>(`/api/results/${id}`, { signal });
		} catch (error) {
			if (signal.aborted) return;
			this.#loaded = null;
			this.failure = messageOf(error);
		}
	}
}
