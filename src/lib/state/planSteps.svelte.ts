/** A slider that is dragged changes the plan many times; changes of a kind this close together are one step, ms. */
const ONE_GESTURE_MS = 800;

/** Numbers the changes of a plan. Each number has an entry in the browser's history, which undo and redo walk along. */
export class PlanSteps {
	/** The step that is shown; 0: the plan that the page was opened with. */
	at = $state(0);
	/** The last step that redo can reach. */
	last = $state(0);
	#kind: string | null = null;
	#time = -Infinity;

	/** Counts a change, made at `now` (ms). One of the same kind soon after the one before belongs to its step. */
	add(kind: string | null, now = Date.now()): void {
		const same = kind !== null && kind === this.#kind && now - this.#time < ONE_GESTURE_MS;
		this.#kind = kind;
		this.#time = now;
		if (same && this.at > 0) return;
		this.at += 1;
		this.last = this.at;
	}

	/** Shows a step that the browser went back or forward to. */
	show(step: number): void {
		this.at = step;
		this.last = Math.max(this.last, step);
		this.#kind = null;
	}
}
