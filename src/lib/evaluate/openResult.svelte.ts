import { messageOf } from '$analysis/errors.ts';
import type { StoredResult } from '$analysis/results/types.ts';
import { requestJson } from '../run/request.ts';

/** The stored result that a tab shows. */
export class OpenResult {
	stored = $state.raw<StoredResult | null>(null);
	failure = $state<string | null>(null);

	/** Fetches a result; the one before stays until it has come. */
	async load(id: string, signal: AbortSignal): Promise<void> {
		if (this.stored?.id === id) return;
		this.failure = null;
		try {
			this.stored = await requestJson<StoredResult>(`/api/results/${id}`, { signal });
		} catch (error) {
			if (signal.aborted) return;
			this.stored = null;
			this.failure = messageOf(error);
		}
	}
}
