import type { Damage } from '$analysis/damage/types.ts';
import { messageOf } from '$analysis/errors.ts';
import type { ResultSummary, StoredResult } from '$analysis/results/types.ts';
import type { ResultsAnswer } from '../api.ts';
import { damageTables, type DamageTables } from './damageTables.ts';
import { requestJson } from './request.ts';

/** A stored result whose kind is known. */
export interface StoredDamage extends StoredResult {
	result: { kind: 'damage'; damage: Damage };
}

/** The damage that was measured of a model: what there is, and the one that is shown. */
export class DamageResults {
	/** Newest first; null before the list has come. */
	list = $state.raw<readonly ResultSummary[] | null>(null);
	/** The last one that came; stays while another is on its way. */
	shown = $state.raw<StoredDamage | null>(null);
	failure = $state<string | null>(null);
	/** Of the one shown, by layer and cell. */
	readonly tables = $derived.by((): DamageTables | null =>
		this.shown === null ? null : damageTables(this.shown.result.damage)
	);
	/** Which is wanted: the one that was asked for, else the newest. */
	readonly wanted = $derived.by(
		() => (this.list?.find(({ id }) => id === this.#asked()) ?? this.list?.[0] ?? null)?.id ?? null
	);
	readonly #model: string;
	readonly #asked: () => string | null;

	constructor(modelHash: string, asked: () => string | null) {
		this.#model = modelHash;
		this.#asked = asked;
	}

	/** Asks what there is. */
	async loadList(signal: AbortSignal): Promise<void> {
		await this.#attempt(signal, async () => {
			const results = await requestJson<ResultsAnswer>(`/api/results?model=${this.#model}`, {
				signal
			});
			this.list = results.filter(({ kind }) => kind === 'damage');
		});
	}

	/** Asks for the one that is wanted, unless it is there. */
	async loadWanted(signal: AbortSignal): Promise<void> {
		const id = this.wanted;
		if (id === null || id === this.shown?.id) return;
		await this.#attempt(signal, async () => {
			const stored = await requestJson<StoredResult>(`/api/results/${id}`, { signal });
			if (isDamage(stored)) this.shown = stored;
		});
	}

	async #attempt(signal: AbortSignal, request: () => Promise<void>): Promise<void> {
		try {
			await request();
			this.failure = null;
		} catch (error) {
			if (!signal.aborted) this.failure = messageOf(error);
		}
	}
}

function isDamage(stored: StoredResult): stored is StoredDamage {
	return stored.result.kind === 'damage';
}
