/** Default settings of an evaluation, on the page and by the command. */
export const EVALUATE_DEFAULTS = {
	/**
	 * Bundled texts: others than those that search reads, so that a plan is not judged on the text that it was made on.
	 */
	samples: ['walden', 'through-the-looking-glass'],
	context: 512,
	windows: 16
} as const;
