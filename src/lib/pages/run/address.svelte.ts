import { pushState, replaceState } from '$app/navigation';
import { page as address } from '$app/state';
import { untrack } from 'svelte';
import type { RunState } from '../../state/run.svelte.ts';
import { readSearch, writeUrl, type RunBounds } from '../../state/url.ts';

/**
 * Keeps the browser's address and history in step with a run page: whatever is chosen stands in the address, and each
 * change of the plan has an entry of its own, so that Back undoes it. To be made while a component is.
 */
export class RunAddress {
	readonly #page: RunState;
	readonly #bounds: RunBounds;
	/** The address can be written once the router has read it. */
	#routed = $state(false);
	/** Step of the entry that the browser is at. */
	#step: number;
	/** The entry's state when it was last looked at. */
	#seen: App.PageState;
	#popped = false;
	/** The entry is gone to for its plan alone. */
	#planOnly = false;

	constructor(page: RunState, bounds: RunBounds) {
		this.#page = page;
		this.#bounds = bounds;
		this.#seen = address.state;
		this.#step = address.state.planStep ?? 0;
		page.steps.show(this.#step);
		$effect(() => {
			if (this.#routed) this.#write();
		});
		// The router may hear of a step back before or after this page does.
		$effect(() => {
			if (address.state !== this.#seen) untrack(() => this.#read());
		});
	}

	routed(): void {
		this.#routed = true;
	}

	/** The browser went back or forward. */
	popped(): void {
		this.#popped = true;
		this.#read();
	}

	/** Goes back (−1) or forward (1) by a change of the plan; what else is chosen stays. */
	go(by: 1 | -1): void {
		const { steps } = this.#page;
		if (by === -1 ? steps.at === 0 : steps.at === steps.last) {
			this.#page.refuse(`There is no change of the plan to ${by === -1 ? 'undo' : 'redo'}.`);
			return;
		}
		if (this.#planOnly) return;
		this.#planOnly = true;
		window.history.go(by);
	}

	#write(): void {
		const written = writeUrl(this.#page.url, this.#bounds.defaults);
		const step = this.#page.steps.at;
		const search = written === '' ? '' : `?${written}`;
		if (search === window.location.search && step === this.#step) return;
		const change = step > this.#step ? pushState : replaceState;
		this.#step = step;
		// The router's own reads must not make this run again as it goes back.
		untrack(() => {
			change(`${address.url.pathname}${search}`, { planStep: step });
			this.#seen = address.state;
		});
	}

	#read(): void {
		if (!this.#popped || address.state === this.#seen) return;
		this.#popped = false;
		if (window.location.pathname !== address.url.pathname) return;
		this.#seen = address.state;
		this.#step = address.state.planStep ?? 0;
		const url = readSearch(window.location.search, this.#bounds);
		this.#page.restore(url, this.#step, this.#planOnly);
		this.#planOnly = false;
	}
}
