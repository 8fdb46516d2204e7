/** Default settings of a damage map, on the page and by the command. */
export const DAMAGE_DEFAULTS = {
	/** Bundled texts. The questions that evaluation asks come from the other bundled books. */
	samples: ['hound-of-the-baskervilles', 'time-machine'],
	/** Each case is a run of the layers above it: short windows keep a small model's map to a few minutes. */
	context: 256,
	windows: 8,
	/** Layers of the longest span, source included. */
	maxSpan: 6
} as const;
