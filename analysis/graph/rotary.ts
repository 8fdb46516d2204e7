import type { ModelConfig, RopeScaling, Rotary } from '../model/checkpoint/types.ts';

/**
 * Inverse frequencies of a rotary embedding, [rotaryDims / 2], in radians a position, for windows of `context` tokens.
 * Formulas as in Hugging Face transformers' modeling_rope_utils.py: default, linear (all divided by the factor), llama3
 * (long wavelengths divided by the factor, short ones kept, those between blended), yarn (the same by counts of
 * rotations) and longrope (each divided by a number of its own, others in long windows).
 */
export function inverseFrequencies(
	{ theta, scaling }: Rotary,
	rotaryDims: number,
	context: number
): Float64Array {
	const frequencies = Float64Array.from(
		{ length: rotaryDims / 2 },
		(_, pair) => theta ** ((-2 * pair) / rotaryDims)
	);
	switch (scaling.type) {
		case 'default':
			return frequencies;
		case 'linear':
			return frequencies.map((frequency) => frequency / scaling.factor);
		case 'divided':
			return frequencies.map((frequency, pair) => frequency / scaling.divisors[pair]);
		case 'longrope': {
			const { shortDivisors, longDivisors, originalMaxPositions } = scaling;
			const divisors = context > originalMaxPositions ? longDivisors : shortDivisors;
			return frequencies.map((frequency, pair) => frequency / divisors[pair]);
		}
		case 'yarn': {
			const [low, high] = yarnRamp(scaling, theta, rotaryDims);
			return frequencies.map((frequency, pair) => {
				const interpolated = Math.min(1, Math.max(0, (pair - low) / (high - low)));
				return frequency * (interpolated / scaling.factor + 1 - interpolated);
			});
		}
		case 'llama3':
			return frequencies.map((frequency) => llama3(frequency, scaling));
	}
}

function llama3(frequency: number, scaling: Extract<RopeScaling, { type: 'llama3' }>): number {
	const { factor, lowFreqFactor, highFreqFactor, originalMaxPositions } = scaling;
	const wavelength = (2 * Math.PI) / frequency;
	if (wavelength > originalMaxPositions / lowFreqFactor) return frequency / factor;
	if (wavelength < originalMaxPositions / highFreqFactor) return frequency;
	const smooth =
		(originalMaxPositions / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
	return ((1 - smooth) * frequency) / factor + smooth * frequency;
}

/** YaRN's bounds, as numbers of pairs: those before the first keep their frequency, those after the second are scaled. */
function yarnRamp(
	scaling: Extract<RopeScaling, { type: 'yarn' }>,
	theta: number,
	rotaryDims: number
): [number, number] {
	const { betaFast, betaSlow, originalMaxPositions, truncate } = scaling;
	const pairOf = (rotations: number): number =>
		(rotaryDims * Math.log(originalMaxPositions / (rotations * 2 * Math.PI))) /
		(2 * Math.log(theta));
	const [first, last] = [pairOf(betaFast), pairOf(betaSlow)];
	const low = Math.max(truncate ? Math.floor(first) : first, 0);
	const high = Math.min(truncate ? Math.ceil(last) : last, rotaryDims - 1);
	return [low, low === high ? high + SINGULARITY : high];
}

/** Width that transformers gives to a ramp without width. */
const SINGULARITY = 0.001;

/**
 * Cosines and sines of positions 0 … context − 1, each [context, rotaryDims / 2], of one of the config's sets; some types
 * of scaling multiply both.
 */
export function rotaryTables(
	config: Pick<ModelConfig, 'rotaries' | 'rotaryDims'>,
	context: number,
	set = 0
): { cos: Float32Array; sin: Float32Array } {
	const rotary = config.rotaries[set];
	const frequencies = inverseFrequencies(rotary, config.rotaryDims, context);
	const factor = 'attentionFactor' in rotary.scaling ? rotary.scaling.attentionFactor : 1;
	const half = frequencies.length;
	const cos = new Float32Array(context * half);
	const sin = new Float32Array(context * half);
	for (let position = 0; position < context; position++) {
		for (let pair = 0; pair < half; pair++) {
			const angle = position * frequencies[pair];
			cos[position * half + pair] = factor * Math.cos(angle);
			sin[position * half + pair] = factor * Math.sin(angle);
		}
	}
	return { cos, sin };
}
