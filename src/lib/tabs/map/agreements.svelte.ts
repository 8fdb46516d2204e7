import { messageOf } from '$analysis/errors.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';
import type { SimilarityAnswer } from '../../client/api.ts';
import { agreementRows, outputRow, type AgreementRow } from './agreement.ts';
import type { DamageTables } from '$analysis/publish/damageTables.ts';
import { requestJson, similarityFrom } from '../../client/request.ts';

/** Agreement with measured damage in the ranking of pairs, for every metric and view of a run and for `output`. */
export class Agreements {
	rows = $state.raw<readonly AgreementRow[]>([]);
	/** Some are still on their way. */
	waiting = $state(false);
	failure = $state<string | null>(null);
	readonly #run: RunRecord;

	constructor(run: RunRecord) {
		this.#run = run;
	}

	/** Asks for one similarity after the other, so that the server keeps time for what is looked at. */
	async load(tables: DamageTables, signal: AbortSignal): Promise<void> {
		this.rows = [];
		this.failure = null;
		this.waiting = true;
		try {
			for (const metric of this.#run.metrics)
				for (const view of this.#run.views) {
					const path = `/api/runs/${this.#run.id}/similarity?metric=${metric}&view=${view}`;
					const similarity = similarityFrom(await requestJson<SimilarityAnswer>(path, { signal }));
					if (signal.aborted) return;
					this.rows = [...this.rows, ...agreementRows(similarity, tables)];
				}
			this.rows = [...this.rows, outputRow(tables)];
		} catch (error) {
			if (signal.aborted) return;
			this.failure = messageOf(error);
		}
		this.waiting = false;
	}
}
