import { messageOf } from '$analysis/errors.ts';

/** Long enough not to ask at every key, short enough to feel like an answer. */
const DEBOUNCE_MS = 250;

/** Asks the server what something would take; only the newest question is answered. */
export class Estimator<Question, Answer> {
	/** null until the first answer, and after a question that was refused as a whole. */
	answer = $state.raw<Answer | null>(null);
	/** Reason that the question as a whole was refused. */
	problem = $state<string | null>(null);
	waiting = $state(false);
	readonly #request: (options: RequestInit) => Promise<Answer>;
	#newest = new AbortController();

	/** `request` sends a question to POST /api/estimate; the options hold its body and the signal. */
	constructor(request: (options: RequestInit) => Promise<Answer>) {
		this.#request = request;
	}

	/** Asks after a moment, unless asked again before; null: there is nothing to ask. */
	ask(question: Question | null): void {
		this.stop();
		if (question === null) {
			this.answer = null;
			this.problem = null;
			return;
		}
		this.waiting = true;
		const { signal } = this.#newest;
		const timer = setTimeout(() => void this.#fetch(question, signal), DEBOUNCE_MS);
		signal.addEventListener('abort', () => clearTimeout(timer));
	}

	stop(): void {
		this.#newest.abort();
		this.#newest = new AbortController();
		this.waiting = false;
	}

	async #fetch(question: Question, signal: AbortSignal): Promise<void> {
		try {
			const answer = await this.#request({ ...jsonBody(question), signal });
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
