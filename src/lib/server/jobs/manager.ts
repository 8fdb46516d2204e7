import { randomBytes } from 'node:crypto';
import { quoted } from '$analysis/edge/quote.ts';
import { InputError, messageOf } from '$analysis/errors.ts';
import type { Document } from '$analysis/model/tokens/types.ts';
import type { Estimate } from '$analysis/engine/estimate.ts';
import { newRunId } from '$analysis/workspace/workspace.ts';
import { ThinnedSamples } from '$analysis/telemetry/thinnedSamples.ts';
import type { Job, JobKind } from '$lib/client/api.ts';
import { NotFoundError } from '../errors.ts';
import { startTask, type RunningTask } from './child.ts';
import {
	ENDED_STATES,
	extentOf,
	RETRY_STATES,
	shown,
	type JobRecord,
	type JobRequest
} from './record.ts';
import type { ForeignJob } from './foreign.ts';
import type { JobStore, StoredJobs } from './store.ts';
import { keptNames, makesRun, shelfOf, taskOf } from './task.ts';

/** Queued jobs keep their texts on disk; this bounds them. */
const MAX_QUEUED_JOBS = 64;
/** Ended jobs that stay on the list, so that it does not grow for ever. */
const MAX_ENDED_JOBS = 32;
/** Ended jobs that keep their telemetry on the list, which is sent whole with every change. */
const MAX_TELEMETRIES = 6;

export interface JobManagerOptions {
	store: JobStore;
	/** Built from cli/worker.ts. */
	workerFile: string;
	/** Jobs at a time. */
	concurrency: number;
	home: string;
	/** The workspace may not be written: jobs are shown, none is taken up. */
	readOnly: boolean;
	/** Describes a loss of the workspace while the server runs: moved, removed, replaced; null: it is where it was. */
	problem: () => string | null;
	memoryLimitBytes: number | null;
}

export interface NewJob {
	model: string;
	/** Of a measurement: the run it was asked from; null for an analysis. */
	run: string | null;
	request: JobRequest;
	documents: Document[];
	/** Asked by an evaluation; null: none. */
	questions: Document | null;
	command: string;
	estimate: Estimate | null;
}

interface RunningJob {
	task: RunningTask | null;
	ended: Promise<void>;
	/** File that the task adds finished results to; null: it has not said. */
	progressFile: string | null;
}

/** The queue: jobs in order, some at a time, each in a process of its own. */
export class JobManager {
	readonly #options: JobManagerOptions;
	#records: JobRecord[];
	#foreign: ForeignJob[];
	readonly #running = new Map<string, RunningJob>();
	readonly #cancelled = new Set<string>();
	readonly #listeners = new Set<() => void>();
	#stopped = false;

	constructor(options: JobManagerOptions) {
		this.#options = options;
		const { records, foreign } = options.store.load();
		this.#records = records;
		this.#foreign = foreign;
		for (const { job } of this.#records) {
			if (job.state !== 'running') continue;
			job.state = 'interrupted';
			job.reason = 'the server ended while this job was running; run it again';
		}
	}

	/** Clears what the last server left behind and takes up the queue. */
	async start(): Promise<void> {
		if (this.#options.readOnly) return;
		await this.#options.store.removeOrphans(this.#stored());
		this.#changed();
		this.#startNext();
	}

	list(): Job[] {
		return [...this.#foreign, ...this.#records].map(({ job }) => shown(job));
	}

	/** The commands that make again what jobs make. */
	commands(): string[] {
		if (!this.#options.store.known) throw new Error('the list of jobs was not read');
		// What is not understood may name anything.
		const foreign = this.#foreign.map(({ stored }) => JSON.stringify(stored));
		return [...this.#records.map(({ command }) => command), ...foreign];
	}

	/**
	 * Returns the record of a running job and the file that it adds finished results to; null: it has not said. Throws
	 * NotFoundError if it does not run.
	 */
	running(id: string): { record: JobRecord; progressFile: string | null } {
		const record = this.#find(id);
		if (record.job.state !== 'running') throw new NotFoundError(`job ${id}: does not run now`);
		return { record, progressFile: this.#running.get(id)?.progressFile ?? null };
	}

	/** Calls `listener` after every change; returns how to stop that. */
	subscribe(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => void this.#listeners.delete(listener);
	}

	/** Queues jobs; all or none of them. Throws where they cannot be saved. */
	add(newJobs: readonly NewJob[]): Job[] {
		const queued = this.#records.filter(({ job }) => job.state === 'queued').length;
		if (queued + newJobs.length > MAX_QUEUED_JOBS) {
			throw new InputError(
				`queue: ${queued} jobs wait and ${newJobs.length} more were asked for; at most ${MAX_QUEUED_JOBS} may wait`
			);
		}
		const records = newJobs.map(recordOf);
		try {
			records.forEach(({ job }, index) =>
				this.#options.store.writeTexts(job.id, keptOf(newJobs[index]))
			);
			this.#options.store.save({ ...this.#stored(), records: [...this.#records, ...records] });
		} catch (error) {
			for (const { job } of records) this.#options.store.removeTexts(job.id);
			throw error;
		}
		this.#records.push(...records);
		this.#notify();
		this.#startNext();
		return records.map(({ job }) => shown(job));
	}

	/** Cancels a job that waits or runs; settles once its process has ended. Takes an ended one off the list. */
	async remove(id: string): Promise<void> {
		const foreign = this.#foreign.find(({ job }) => job.id === id);
		if (foreign) {
			const rest = this.#foreign.filter((other) => other !== foreign);
			this.#options.store.save({ ...this.#stored(), foreign: rest });
			this.#foreign = rest;
			if (foreign.textsId !== null) this.#options.store.removeTexts(foreign.textsId);
			this.#notify();
			return;
		}
		const record = this.#find(id);
		const running = this.#running.get(id);
		if (running) {
			this.#cancelled.add(id);
			running.task?.kill();
			await running.ended;
		} else if (record.job.state === 'queued') {
			record.job.state = 'cancelled';
			this.#changed();
		} else {
			this.#records = this.#records.filter((other) => other !== record);
			this.#options.store.removeTexts(id);
			this.#changed();
		}
	}

	/** Puts a job that failed, was cancelled or interrupted at the end of the queue. */
	retry(id: string): Job {
		const foreign = this.#foreign.find(({ job }) => job.id === id);
		if (foreign) throw new InputError(`job ${id}: ${foreign.job.reason ?? 'not understood'}`);
		const record = this.#find(id);
		if (!RETRY_STATES.includes(record.job.state)) {
			throw new InputError(
				`job ${id}: is ${record.job.state}; only a failed, cancelled or interrupted one can be run again`
			);
		}
		record.job.state = 'queued';
		record.job.reason = null;
		record.job.telemetry = null;
		this.#records = [...this.#records.filter((other) => other !== record), record];
		this.#changed();
		this.#startNext();
		return shown(record.job);
	}

	/** The server stops: processes are ended, what ran is interrupted, what waits goes on waiting. */
	stop(): void {
		if (this.#stopped) return;
		this.#stopped = true;
		for (const [id, { task }] of this.#running) {
			const { job } = this.#find(id);
			job.state = 'interrupted';
			job.reason = 'the server was stopped while this job was running; run it again';
			job.progress = null;
			task?.kill();
		}
		this.#changed();
	}

	#find(id: string): JobRecord {
		const record = this.#records.find(({ job }) => job.id === id);
		if (!record)
			throw new NotFoundError(`job ${quoted(id)}: not known; it may have been taken off the list`);
		return record;
	}

	#startNext(): void {
		if (this.#options.readOnly || this.#options.problem() !== null) return;
		while (!this.#stopped && this.#running.size < this.#options.concurrency) {
			const next = this.#records.find(({ job }) => job.state === 'queued');
			if (!next) return;
			const id = newRunId(next.job.model, new Date());
			next.runId = id;
			next.job.state = 'running';
			const entry: RunningJob = { task: null, ended: Promise.resolve(), progressFile: null };
			this.#running.set(next.job.id, entry);
			entry.ended = this.#run(next, id);
			this.#changed();
		}
	}

	/** Runs one job to its end; never rejects. What it makes gets the id `madeId`. */
	async #run(record: JobRecord, madeId: string): Promise<void> {
		const { job } = record;
		const { store, workerFile } = this.#options;
		const samples = new ThinnedSamples();
		try {
			const kept = await store.readTexts(job.id, keptNames(record));
			if (!this.#stopped && !this.#cancelled.has(job.id)) {
				const task = startTask(
					workerFile,
					taskOf(record, madeId, kept, this.#options),
					({ progress, sample, sums, progressFile }) => {
						job.progress = progress;
						const entry = this.#running.get(job.id);
						if (entry) entry.progressFile = progressFile;
						if (sample !== null) samples.add(sample);
						job.telemetry = { samples: samples.list(), ...sums };
						this.#notify();
					}
				);
				const entry = this.#running.get(job.id);
				if (entry) entry.task = task;
				const { telemetry } = await task.result;
				job.telemetry = telemetry ?? job.telemetry;
			}
			if (!this.#stopped) this.#end(record, this.#cancelled.has(job.id) ? 'cancelled' : 'done');
		} catch (error) {
			const cancelled = this.#cancelled.has(job.id);
			if (!this.#stopped) this.#end(record, cancelled ? 'cancelled' : 'failed', messageOf(error));
		}
		if (job.state !== 'done') await this.#discard(job.kind, madeId);
		this.#running.delete(job.id);
		this.#cancelled.delete(job.id);
		if (!this.#stopped) this.#changed();
		this.#startNext();
	}

	#end(record: JobRecord, state: 'done' | 'cancelled' | 'failed', reason = ''): void {
		const { job } = record;
		job.state = state;
		job.progress = null;
		const made = state === 'done' ? record.runId : null;
		if (makesRun(job.kind)) job.run = made;
		else job.result = made;
		job.reason = state === 'failed' ? reason : null;
		if (state === 'done') this.#options.store.removeTexts(job.id);
		const ended = this.#records.filter((other) => ENDED_STATES.includes(other.job.state));
		for (const old of ended.slice(0, -MAX_TELEMETRIES)) old.job.telemetry = null;
		for (const old of ended.slice(0, -MAX_ENDED_JOBS)) {
			this.#options.store.removeTexts(old.job.id);
			this.#records = this.#records.filter((other) => other !== old);
		}
	}

	/** Removes whatever a job that did not finish has left. */
	async #discard(kind: JobKind, madeId: string): Promise<void> {
		try {
			await shelfOf(kind, this.#options.home).discard(madeId);
		} catch (error) {
			console.error(`what ${madeId} left could not be removed: ${messageOf(error)}`);
		}
	}

	/** A change that must survive the server. A full disk must not end the jobs that run. */
	#changed(): void {
		try {
			if (!this.#options.readOnly) this.#options.store.save(this.#stored());
		} catch (error) {
			console.error(`the list of jobs could not be saved: ${messageOf(error)}`);
		}
		this.#notify();
	}

	#stored(): StoredJobs {
		return { records: this.#records, foreign: this.#foreign };
	}

	#notify(): void {
		for (const listener of this.#listeners) listener();
	}
}

function recordOf(newJob: NewJob): JobRecord {
	const { model, run, request, documents, command, estimate } = newJob;
	return {
		job: {
			id: randomBytes(6).toString('hex'),
			kind: request.kind,
			state: 'queued',
			model,
			texts: documents.map(({ name }) => name),
			...extentOf(request),
			createdAt: new Date().toISOString(),
			progress: null,
			estimate,
			run,
			result: null,
			reason: null,
			telemetry: null
		},
		request,
		command,
		runId: null
	};
}

/** Texts, then questions: as `keptNames` names them. */
function keptOf({ documents, questions }: NewJob): Document[] {
	return questions === null ? documents : [...documents, questions];
}
