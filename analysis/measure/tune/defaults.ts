/** Default settings of a tuning, on the page and by the command. */
export const TUNE_DEFAULTS = {
	/** Bundled texts, of which one part is trained on and another measured. */
	samples: ['walden'],
	context: 256,
	/** Held-out windows that figures are made of. */
	windows: 16,
	steps: 200,
	batch: 4,
	/** Of all weights; adapters take more. */
	learningRate: 1e-4,
	adapterLearningRate: 3e-4,
	/** Weight of the KL divergence from the untouched model; the rest is cross-entropy. */
	distill: 1,
	patience: 3,
	seed: 0,
	compare: true,
	device: 'cpu',
	dtype: 'float32'
} as const;

/** Looks at held-out text in a run: every tenth of the steps. */
export const LOOKS = 10;
