/** Measures the seconds that each stage takes, added up over the times it was entered. */
export class Stopwatch {
	readonly #seconds = new Map<string, number>();
	#stage: string | null = null;
	#since = 0;

	/** Ends the stage under way and begins another. */
	enter(stage: string): void {
		this.#leave();
		this.#stage = stage;
		this.#since = performance.now();
	}

	/** Stages in the order in which they were first entered. */
	stop(): { stage: string; seconds: number }[] {
		this.#leave();
		return [...this.#seconds].map(([stage, seconds]) => ({ stage, seconds }));
	}

	#leave(): void {
		if (this.#stage === null) return;
		const seconds = (performance.now() - this.#since) / 1000;
		this.#seconds.set(this.#stage, (this.#seconds.get(this.#stage) ?? 0) + seconds);
		this.#stage = null;
	}
}
