import type { LayerTensorNames } from '../../model/checkpoint/expected.ts';

/** Element types that a decoder is written in. */
export const DECODER_DTYPES = ['fp32', 'fp16'] as const;
export type DecoderDtype = (typeof DECODER_DTYPES)[number];

/** Name of a decoder's graph, as transformers.js finds it by element type. */
export function graphFile(dtype: DecoderDtype): string {
	return dtype === 'fp32' ? 'model.onnx' : `model_${dtype}.onnx`;
}

/** Name of the file beside the graph that holds every weight, as transformers.js looks for it. */
export function weightsFile(dtype: DecoderDtype): string {
	return `${graphFile(dtype)}_data`;
}

export const DECODER_DTYPE_BYTES: Record<DecoderDtype, number> = { fp32: 4, fp16: 2 };

/** Content of a weight: the tensors, table or repair that fill it. */
export type WeightContent =
	/**
	 * Tensors of a layer, by role, one below the other; `transposed`: [outputs, inputs] as stored becomes
	 * [inputs, outputs], as MatMul takes it.
	 */
	| { kind: 'layer'; layer: number; roles: (keyof LayerTensorNames)[]; transposed: boolean }
	/** A tensor outside the layers, as stored. */
	| { kind: 'model'; tensor: 'embedding' | 'finalNorm' | 'outputEmbedding' }
	/** Table of the rotary embedding, [maxPositions, headDim / 2]. */
	| { kind: 'rotary'; table: 'cos' | 'sin' }
	/** Replacement for what a plan takes away: a refitted output projection, transposed, or a mean output. */
	| { kind: 'repair'; layer: number; part: 'o' | 'bias' };

/** A weight of a decoder, and where its bytes lie in the file beside the graph. */
export interface DecoderWeight {
	name: string;
	dims: readonly number[];
	content: WeightContent;
	/** In bytes. */
	offset: number;
	length: number;
}
