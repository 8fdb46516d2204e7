import type { ModelConfig } from '../model/checkpoint/types.ts';
import type { GraphBuilder } from '../proto/builder.ts';

/** A norm's weight and bias [width] as values of a graph; null: it has none. */
export interface NormWeights {
	weight: string | null;
	bias: string | null;
	width: number;
}

/** Adds a model's norm over the last axis of `input` (transformers: LlamaRMSNorm, GemmaRMSNorm, torch.nn.LayerNorm). */
export function addNorm(
	builder: GraphBuilder,
	{ block, normEps }: Pick<ModelConfig, 'block' | 'normEps'>,
	name: string,
	input: string,
	{ weight, bias, width }: NormWeights,
	outputs?: string[]
): string {
	const stored =
		weight ?? builder.constant(`${name}/Ones`, new Float32Array(width).fill(1), [width]);
	const scale =
		block.normOffset === 0
			? stored
			: builder.node(`${name}/Offset`, 'Add', [stored, builder.scalar(block.normOffset)]);
	const rms = block.norm === 'rms';
	const operator = rms ? 'SimplifiedLayerNormalization' : 'LayerNormalization';
	const inputs = [input, scale, ...(bias === null ? [] : [bias])];
	return builder.node(`${name}/${rms ? 'RmsNorm' : 'LayerNorm'}`, operator, inputs, {
		...(outputs !== undefined && { outputs }),
		attributes: { axis: -1n, epsilon: normEps }
	});
}
