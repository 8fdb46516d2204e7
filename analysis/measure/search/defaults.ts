/** Default settings of a search, on the page and by the command. */
export const SEARCH_DEFAULTS = {
	/** Bundled texts, as for a damage map. */
	samples: ['hound-of-the-baskervilles', 'time-machine'],
	context: 256,
	/** Of each part. */
	windows: 8,
	/** Layers of the longest span, source included. */
	maxSpan: 6,
	/** None: damage is measured, so no layer needs protection beforehand. */
	protectedLayers: [] as number[],
	/** The most that a proposed plan may add to the loss on a passage that comes again, nats/token. */
	maxRecallIncrease: 0.1,
	/** The most accuracy on the user's questions that a proposed plan may lose, where there are questions: a fraction. */
	maxAccuracyDrop: 0.02,
	repair: false,
	randomPlans: 100
} as const;
