import type { Checkpoint, ModelConfig, ModelFacts } from './types.ts';

/** The facts about an opened checkpoint that lists, runs and plans carry. */
export function modelFacts(checkpoint: Checkpoint): ModelFacts {
	return configFacts(checkpoint.config, checkpoint.parameters, checkpoint.bytes);
}

/** The same from a config alone, for a model whose weights cannot be opened. */
export function configFacts(config: ModelConfig, parameters: number, bytes: number): ModelFacts {
	return {
		architecture: config.architecture,
		layers: config.layers,
		heads: config.heads,
		kvHeads: config.kvHeads,
		headDim: config.headDim,
		hidden: config.hidden,
		intermediate: config.intermediate,
		vocab: config.vocab,
		maxPositions: config.maxPositions,
		reach: config.reach,
		qkvBias: config.qkvBias,
		outputBias: config.outputBias,
		qkNorm: config.qkNorm,
		parameters,
		bytes,
		dtype: config.dtype
	};
}
