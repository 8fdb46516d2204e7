import type { Job } from '../api.ts';

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

	/** Follows the stream; calls `onchange` after each list. Returns what ends it. */
	follow(onchange: (jobs: readonly Job[]) => void): () => void {
		const source = new EventSource('/api/events');
		source.addEventListener('open', () => (this.lost = false));
		source.addEventListener('error', () => (this.lost = true));
		source.addEventListener('jobs', (event: MessageEvent<string>) => {
			this.jobs = JSON.parse(event.data) as Job[];
			this.known = true;
			this.lost = false;
			onchange(this.jobs);
		});
		return () => source.close();
	}
}
