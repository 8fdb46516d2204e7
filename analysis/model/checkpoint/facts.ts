import type { Checkpoint, ModelConfig, ModelFacts } from './types.ts';

/** The facts about an opened checkpoint that lists, runs and plans carry. */
export function modelFacts(checkpoint: Checkpoint): ModelFacts {
	return configFacts(checkpoint.config, checkpoint.parameters, checkpoint.bytes);
}

/** Width that a token goes through: of a mixture of experts, that of its experts. */
function intermediateOf({ intermediate, experts }: ModelConfig): number {
	return experts === null ? intermediate : (intermediate / experts.count) * experts.perToken;
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
		intermediate: intermediateOf(config),
		vocab: config.vocab,
		maxPositions: config.maxPositions,
		reach: config.slidingWindows,
		qkvBias: config.qkvBias,
		outputBias: config.outputBias,
		qkNorm: config.qkNorm,
		...(config.qkNorm &&
			config.block.qkNormOver === 'all heads' && {
				qkNormWeights: (config.heads + config.kvHeads) * config.headDim
			}),
		...(config.onlyTorch !== undefined && { onlyTorch: config.onlyTorch }),
		parameters,
		bytes,
		dtype: config.dtype
	};
}
