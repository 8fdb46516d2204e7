import { messageOf } from '$analysis/errors.ts';
import type { ModelEstimate, NewAnalysis } from '../api.ts';
import { requestJson } from '../run/request.ts';

/** Long enough not to ask at every key, short enough to feel like an answer. */
const DEBOUNCE_MS = 250;

/** Asks the server what an analysis would take; only the newest question is answered. */
export class Estimator {
	/** One a model, in order; null until the first answer, and after a question that was refused as a whole. */
	answer = $state.raw<ModelEstimate[] | null>(null);
	/** Why the question as a whole was refused. */
	problem = $state<string | null>(null);
	waiting = $state(false);
	#newest = new AbortController();

	/** Asks after a moment, unless asked again before; null: there is nothing to ask. */
	ask(analysis: NewAnalysis | null): void {
		this.stop();
		if (analysis === null) {
			this.answer = null;
			this.problem = null;
			return;
		}
		this.waiting = true;
		const { signal } = this.#newest;
		const timer = setTimeout(() => void this.#fetch(analysis, signal), DEBOUNCE_MS);
		signal.addEventListener('abort', () => clearTimeout(timer));
	}

	stop(): void {
		this.#newest.abort();
		this.#newest = new AbortController();
		this.waiting = false;
	}

	async #fetch(analysis: NewAnalysis, signal: AbortSignal): Promise<void> {
		try {
			const answer = await requestJson<ModelEstimate[]>('/api/estimate', {
				...jsonBody(analysis),
				signal
			});
			if (signal.aborted) return;
			this.answer = answer;
			this.problem = null;
		} catch (error) {
			if (signal.aborted) return;
			this.answer = null;
			this.problem = messageOf(error);
		}
		this.waiting = false;
	}
}

/** Options of a POST with a JSON body. */
export function jsonBody(value: unknown): RequestInit {
	return {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(value)
	};
}
