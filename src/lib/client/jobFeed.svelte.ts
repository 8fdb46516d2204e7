import { parseJson } from '$analysis/edge/parseJson.ts';
import type { Job } from './api.ts';

/**
 * The server's jobs as they change. Each page has a feed of its own; the stream begins with the whole
 * list, so that a reload or a second tab knows all at once, and the browser takes it up again after a break.
 */
export class JobFeed {
	jobs = $state.raw<Job[]>([]);
	/** The first list has come. */
	known = $state(false);
	/** The stream is broken, and the browser tries again. */
	lost = $state(false);
	#source: EventSource | null = null;

	/** Follows the stream; calls `onchange` after each list. Returns what ends it. */
	follow(onchange: (jobs: readonly Job[]) => void): () => void {
		// A browser opens six connections to a server: tabs that no one looks at must not hold them all.
		const look = () => {
			if (document.visibilityState === 'hidden') this.#close();
			else this.#open(onchange);
		};
		look();
		document.addEventListener('visibilitychange', look);
		return () => {
			document.removeEventListener('visibilitychange', look);
			this.#close();
		};
	}

	#open(onchange: (jobs: readonly Job[]) => void): void {
		if (this.#source !== null) return;
		const source = new EventSource('/api/events');
		this.#source = source;
		source.addEventListener('open', () => (this.lost = false));
		source.addEventListener('error', () => (this.lost = true));
		source.addEventListener('jobs', (event: MessageEvent<string>) => {
			this.jobs = parseJson(event.data, 'jobs') as Job[];
			this.known = true;
			this.lost = false;
			onchange(this.jobs);
		});
	}

	#close(): void {
		this.#source?.close();
		this.#source = null;
	}
}
