import type { ModelConfig } from '../model/checkpoint/types.ts';

/**
 * Inverse frequencies of the rotary embedding, [headDim / 2], in radians a position. Formulas as in Hugging
 * Face transformers' modeling_rope_utils.py: default, linear (all divided by the factor) and llama3 (long
 * wavelengths divided by the factor, short ones kept, those between blended).
 */
export function inverseFrequencies(config: ModelConfig): Float64Array {
	const { headDim, ropeTheta, ropeScaling: scaling } = config;
	const frequencies = Float64Array.from(
		{ length: headDim / 2 },
		(_, pair) => ropeTheta ** ((-2 * pair) / headDim)
	);
	if (scaling.type === 'default') return frequencies;
	if (scaling.type === 'linear') return frequencies.map((frequency) => frequency / scaling.factor);
	if (scaling.type === 'divided') {
		return frequencies.map((frequency, pair) => frequency / scaling.divisors[pair]);
	}
	const { factor, lowFreqFactor, highFreqFactor, originalMaxPositions } = scaling;
	return frequencies.map((frequency) => {
		const wavelength = (2 * Math.PI) / frequency;
		if (wavelength > originalMaxPositions / lowFreqFactor) return frequency / factor;
		if (wavelength < originalMaxPositions / highFreqFactor) return frequency;
		const smooth =
			(originalMaxPositions / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
		return ((1 - smooth) * frequency) / factor + smooth * frequency;
	});
}

/** Cosines and sines of positions 0 … context − 1, each [context, headDim / 2]. */
export function rotaryTables(
	config: ModelConfig,
	context: number
): { cos: Float32Array; sin: Float32Array } {
	const frequencies = inverseFrequencies(config);
	const half = frequencies.length;
	const cos = new Float32Array(context * half);
	const sin = new Float32Array(context * half);
	for (let position = 0; position < context; position++) {
		for (let pair = 0; pair < half; pair++) {
			const angle = position * frequencies[pair];
			cos[position * half + pair] = Math.cos(angle);
			sin[position * half + pair] = Math.sin(angle);
		}
	}
	return { cos, sin };
}
