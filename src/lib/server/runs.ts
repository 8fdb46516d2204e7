import { quoted } from '$analysis/edge/quote.ts';
import { InputError } from '$analysis/errors.ts';
import { removeLabel } from '$analysis/workspace/labels/files.ts';
import { listRuns, runShelf } from '$analysis/workspace/run/list.ts';
import { readRun, runState } from '$analysis/workspace/run/read.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';
import type { Shelf } from '$analysis/workspace/shelf.ts';
import type { Comparison } from '$analysis/compare/types.ts';
import type { Reader, RunPlace } from '$analysis/measure/questions.ts';
import type { Metric, Similarity, View } from '$analysis/similarity/types.ts';
import type { RunsAnswer, WindowsAnswer } from '$lib/client/api.ts';
import { NotFoundError } from './errors.ts';

/** Similarities kept in memory: all metrics and views of half a dozen runs; 0.5 MB each at 126 layers. */
const MAX_CACHED_SIMILARITIES = 64;

/** The runs of the workspace. Ids that the list does not have are unknown, whatever they spell. */
export class RunCatalogue {
	readonly #home: string;
	readonly #shelf: Shelf;
	readonly #reader: Reader;
	/** In order of use, the oldest first. */
	readonly #similarities = new Map<string, Promise<Similarity>>();

	constructor(home: string, reader: Reader) {
		this.#reader = reader;
		this.#home = home;
		this.#shelf = runShelf(home);
	}

	async list(): Promise<RunsAnswer> {
		const answer: RunsAnswer = { runs: [], unusable: [] };
		for (const { id, record, problem } of await this.#listed()) {
			if (record === null) answer.unusable.push({ id, problem: problem ?? '' });
			else answer.runs.push({ ...record, id });
		}
		return answer;
	}

	/** run.json. A run is called by its folder's name: a copied folder is a run of its own. */
	async record(id: string): Promise<RunRecord> {
		return { ...(await readRun(await this.#folder(id))), id };
	}

	/** Returns the folder, id and workspace of a run, for questions about it. */
	async place(id: string): Promise<RunPlace> {
		return { folder: await this.#folder(id), id, home: this.#home };
	}

	async remove(id: string): Promise<void> {
		await this.#folder(id);
		await this.#shelf.delete(id);
		await removeLabel(this.#home, 'runs', id);
		for (const key of this.#similarities.keys()) {
			if (key.startsWith(`${id} `)) this.#similarities.delete(key);
		}
	}

	async windows(id: string): Promise<WindowsAnswer> {
		const folder = await this.#folder(id);
		const record = await readRun(folder);
		const { windows } = await this.#reader.ask('windows', { folder });
		return {
			windows: record.windows.map(({ document, start }, index) => ({
				document,
				start,
				ids: windows[index]?.ids ?? [],
				pieces: windows[index]?.pieces ?? []
			}))
		};
	}

	/**
	 * Worked out once a metric and view: intervals are resampled a thousand times. A run that was replaced on disk is
	 * another run.
	 */
	async similarity(id: string, metric: Metric, view: View): Promise<Similarity> {
		const folder = await this.#folder(id);
		const state = await runState(folder);
		const key = `${id} ${metric} ${view} ${state}`;
		const kept = this.#similarities.get(key);
		const similarity = kept ?? this.#reader.ask('similarity', { folder, metric, view });
		this.#similarities.delete(key);
		this.#similarities.set(key, similarity);
		if (!kept) similarity.catch(() => this.#similarities.delete(key));
		const oldest = this.#similarities.keys().next().value;
		if (this.#similarities.size > MAX_CACHED_SIMILARITIES && oldest !== undefined) {
			this.#similarities.delete(oldest);
		}
		return similarity;
	}

	/** Runs beside each other, and their records in order. */
	async comparison(
		ids: readonly string[],
		metric: Metric,
		view: View
	): Promise<{ comparison: Comparison; records: RunRecord[] }> {
		const runs = [];
		for (const id of ids) runs.push({ id, folder: await this.#folder(id) });
		return this.#reader.ask('comparison', { runs, metric, view });
	}

	/** [H, H]: rows are the heads of layer `from`, columns those of `to`. */
	async heads(
		id: string,
		metric: Metric,
		view: View,
		from: number,
		to: number
	): Promise<Float64Array> {
		const folder = await this.#folder(id);
		return this.#reader.ask('heads', { folder, metric, view, from, to });
	}

	/** Hashes of all texts that were read. Throws where a run cannot be read. */
	async textHashes(): Promise<string[]> {
		const { runs, unusable } = await this.list();
		if (unusable.length > 0) throw new Error(`run ${unusable[0].id}: ${unusable[0].problem}`);
		return runs.flatMap(({ texts }) => texts.map(({ sha256 }) => sha256));
	}

	/** Removes what the writers of an earlier server left unfinished. */
	async removeUnfinished(): Promise<void> {
		await this.#shelf.clearPartials();
	}

	/** A folder of runs that cannot be read is shown as what it is: not as an empty workspace. */
	async #listed(): Promise<{ id: string; record: RunRecord | null; problem: string | null }[]> {
		try {
			return await listRuns(this.#home);
		} catch (error) {
			if (!(error instanceof InputError)) throw error;
			return [{ id: 'runs', record: null, problem: error.message }];
		}
	}

	/** Throws NotFoundError where no run has this id. */
	async check(id: string): Promise<void> {
		await this.#folder(id);
	}

	/** The folder of a listed run; nothing the browser says is ever joined to a path before it was listed. */
	async #folder(id: string): Promise<string> {
		if (!(await this.#shelf.ids()).includes(id)) {
			throw new NotFoundError(
				`run ${quoted(id)}: not known; it may have been deleted, or be on another machine: open its bundle`
			);
		}
		return this.#shelf.folder(id);
	}
}
