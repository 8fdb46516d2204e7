import { isDamage, type StoredDamage } from '$analysis/publish/damageCard.ts';
import { messageOf } from '$analysis/errors.ts';
import type { ResultSummary, StoredResult } from '$analysis/measure/results/types.ts';
import { damageTables, type DamageTables } from '$analysis/publish/damageTables.ts';
import { requestJson } from '../client/request.ts';

/** The damage that was measured of a model: what there is, and the one that is shown. */
export class DamageResults {
	/** Source of the list of all stored results of the model; null until the page sets it. */
	source = $state.raw<{ readonly results: readonly ResultSummary[] | null } | null>(null);
	/** Newest first; null before the list has come. */
	readonly list = $derived(this.source?.results?.filter(({ kind }) => kind === 'damage') ?? null);
	/** The last one that came; stays while another is on its way. */
	shown = $state.raw<StoredDamage | null>(null);
	failure = $state<string | null>(null);
	/** Of the one shown, by layer and cell. */
	readonly tables = $derived.by((): DamageTables | null => {
		if (this.shown === null) return null;
		const { report, drops } = this.shown.result.damage;
		return damageTables({ ...report, drops });
	});
	/** Id of the one that is wanted: that which the address names, else the newest. */
	readonly wanted = $derived.by((): string | null => {
		const named = this.list?.find(({ id }) => id === this.#named());
		return (named ?? this.list?.[0])?.id ?? null;
	});
	readonly #named: () => string | null;

	constructor(named: () => string | null) {
		this.#named = named;
	}

	/** Asks for the one that is wanted, unless it is there. */
	async load(signal: AbortSignal): Promise<void> {
		const id = this.wanted;
		if (id === null || id === this.shown?.id) return;
		try {
			const stored = await requestJson<StoredResult>(`/api/results/${id}`, { signal });
			if (isDamage(stored)) this.shown = stored;
			this.failure = null;
		} catch (error) {
			if (!signal.aborted) this.failure = messageOf(error);
		}
	}
}
