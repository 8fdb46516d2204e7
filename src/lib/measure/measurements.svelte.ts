import { messageOf } from '$analysis/errors.ts';
import type { Plan } from '$analysis/plan/types.ts';
import type { ResultSummary } from '$analysis/measure/results/types.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';
import type { Job, JobKind, NewMeasurement, ResultsAnswer } from '../client/api.ts';
import { JobFeed } from '../client/jobFeed.svelte.ts';
import { isActive } from '../jobs/jobWords.ts';
import { checkedRequest, requestJson } from '../client/request.ts';

/** Results measured on a run's model, and the jobs that measure it now. Common to the tabs of the page. */
export class Measurements {
	readonly run: RunRecord;
	readonly feed = new JobFeed();
	/** Newest first; null: they have not come yet. */
	results = $state.raw<ResultSummary[] | null>(null);
	failure = $state<string | null>(null);
	/** Stored results whose refitted weights a plan names. */
	readonly repairedBy = new WeakMap<Plan, string>();
	/** Jobs that were seen waiting or running. */
	#active: readonly string[] = [];
	#sent: readonly string[] = [];

	/** `results` are those that came with the page. */
	constructor(run: RunRecord, results: ResultSummary[] | null = null) {
		this.run = run;
		this.results = results;
	}

	/** Jobs of a kind that were asked for from this run and are not done. */
	jobs(kind: JobKind): Job[] {
		return this.feed.jobs.filter(
			(job) => job.kind === kind && job.run === this.run.id && job.state !== 'done'
		);
	}

	/** Follows jobs; calls `ondone` with each that ends well, and whether this page sent it. Returns what stops it. */
	follow(ondone: (job: Job, ours: boolean) => void): () => void {
		return this.feed.follow((jobs) => {
			const done = jobs.filter(({ id, state }) => state === 'done' && this.#active.includes(id));
			this.#active = jobs.filter(isActive).map(({ id }) => id);
			for (const job of done) {
				if (job.run === this.run.id && job.result !== null)
					ondone(job, this.#sent.includes(job.id));
			}
			if (done.length > 0) void this.load();
		});
	}

	async load(signal?: AbortSignal): Promise<void> {
		try {
			const path = `/api/results?model=${this.run.model.hash}`;
			this.results = await requestJson<ResultsAnswer>(path, { signal });
			this.failure = null;
		} catch (error) {
			if (!signal?.aborted) this.failure = messageOf(error);
		}
	}

	/** Asks for a measurement. Throws with the server's own words where it refuses. */
	async send(measurement: NewMeasurement): Promise<void> {
		const { id } = await requestJson<Job>('/api/measurements', {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(measurement)
		});
		this.#sent = [...this.#sent, id];
		// It may end before the feed shows it at all.
		this.#active = [...this.#active, id];
	}

	/** Deletes a stored result. */
	async remove(id: string): Promise<void> {
		await checkedRequest(`/api/results/${id}`, { method: 'DELETE' });
		this.results = this.results?.filter((result) => result.id !== id) ?? null;
	}
}
