import * as v from 'valibot';
import { boundedArray } from '../../edge/parse.ts';
import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import { OwnEngineRefusal } from './ownEngineRefusal.ts';
import type { RopeScaling } from './types.ts';

const ROPE_TYPES = ['default', 'linear', 'dynamic', 'llama3', 'yarn', 'longrope'];

/** Heads are at most a few hundred wide; a pair has one divisor. */
const MAX_PAIRS = 4096;

/** As transformers 5 has them where config.json gives none. */
const BETA_FAST = 32;
const BETA_SLOW = 1;

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const text = v.pipe(v.string(), v.maxLength(100));
const divisors = v.nullish(boundedArray(positive, MAX_PAIRS));

/** Keys of `rope_scaling` and of `rope_parameters` that say how frequencies are scaled. */
export const scalingFields = {
	rope_type: v.nullish(text),
	type: v.nullish(text),
	factor: v.nullish(positive),
	low_freq_factor: v.nullish(positive),
	high_freq_factor: v.nullish(positive),
	original_max_position_embeddings: v.nullish(positive),
	max_position_embeddings: v.nullish(positive),
	attention_factor: v.nullish(positive),
	beta_fast: v.nullish(positive),
	beta_slow: v.nullish(positive),
	mscale: v.nullish(v.number()),
	mscale_all_dim: v.nullish(v.number()),
	truncate: v.nullish(v.boolean()),
	short_factor: divisors,
	long_factor: divisors,
	alpha: v.nullish(positive),
	llama_4_scaling_beta: v.nullish(v.number())
};

export const SCALING_KEYS = Object.keys(scalingFields);

export type ScalingFields = {
	[name in keyof typeof scalingFields]?: v.InferOutput<(typeof scalingFields)[name]>;
};

interface Around {
	/** Begins messages: the file and the key. */
	at: string;
	/** `model_type`. */
	family: string;
	maxPositions: number;
	rotaryDims: number;
}

/** Scaling of the frequencies, factor of their base, and positions up to which transformers is followed. */
interface Scaled {
	scaling: RopeScaling;
	thetaFactor: number;
	maxPositions: number;
}

/**
 * Reads how frequencies are scaled, as transformers 5 does (modeling_rope_utils.py). Up to `maxPositions` tokens, which
 * no context exceeds, `dynamic` is the same as `default`. Throws InputError for types that are not known.
 */
export function parseScaling(said: ScalingFields, around: Around): Scaled {
	const { at, family, maxPositions, rotaryDims } = around;
	const named = said.rope_type ?? said.type;
	if (named == null && said.factor != null) {
		throw new InputError(
			`${at} has a factor and no rope_type; expected one of ${ROPE_TYPES.join(', ')}`
		);
	}
	// Phi-3 called it otherwise in the beginning.
	const type = family === 'phi3' && (named === 'su' || named === 'yarn') ? 'longrope' : named;
	const required = <Key extends keyof ScalingFields>(key: Key): NonNullable<ScalingFields[Key]> => {
		const value = said[key];
		if (value == null) throw new InputError(`${at} of type ${type} has no ${key}`);
		return value;
	};
	const originalMaxPositions = said.original_max_position_embeddings ?? maxPositions;
	const plain = (scaling: RopeScaling): Scaled => ({ scaling, thetaFactor: 1, maxPositions });
	switch (type ?? 'default') {
		case 'default':
			return plain({ type: 'default' });
		case 'dynamic': {
			if (family === 'hunyuan_v1_dense' && said.alpha != null) {
				// The base is stretched once, whatever the length (NTK-aware scaling).
				const thetaFactor = said.alpha ** (rotaryDims / (rotaryDims - 2));
				return { scaling: { type: 'default' }, thetaFactor, maxPositions };
			}
			required('factor');
			return plain({ type: 'default' });
		}
		case 'linear':
			return plain({ type: 'linear', factor: required('factor') });
		case 'llama3': {
			const [lowFreqFactor, highFreqFactor] = [
				required('low_freq_factor'),
				required('high_freq_factor')
			];
			if (highFreqFactor <= lowFreqFactor) {
				throw new InputError(
					`${at}.high_freq_factor is ${highFreqFactor}; expected more than low_freq_factor, ${lowFreqFactor}`
				);
			}
			const factor = required('factor');
			return plain({
				...{ type: 'llama3', factor, lowFreqFactor, highFreqFactor },
				originalMaxPositions
			});
		}
		case 'yarn': {
			const factor = said.factor ?? maxPositions / originalMaxPositions;
			const scaling: RopeScaling = {
				type: 'yarn',
				factor,
				attentionFactor: said.attention_factor ?? yarnAttentionFactor(factor, said),
				betaFast: said.beta_fast ?? BETA_FAST,
				betaSlow: said.beta_slow ?? BETA_SLOW,
				originalMaxPositions,
				truncate: said.truncate ?? true
			};
			// Ministral 3 multiplies its queries by 1 + β·ln(1 + ⌊position / original⌋), which is 1 up to there.
			const scaled = (said.llama_4_scaling_beta ?? 0) !== 0;
			const followed = scaled ? Math.min(maxPositions, originalMaxPositions) : maxPositions;
			return { scaling, thetaFactor: 1, maxPositions: followed };
		}
		case 'longrope': {
			const [shortDivisors, longDivisors] = [required('short_factor'), required('long_factor')];
			for (const [key, given] of [
				['short_factor', shortDivisors],
				['long_factor', longDivisors]
			] as const) {
				if (given.length === rotaryDims / 2) continue;
				throw new InputError(
					`${at}.${key} has ${given.length} numbers; expected ${rotaryDims / 2}, one for each rotary pair`
				);
			}
			const factor = said.factor ?? maxPositions / originalMaxPositions;
			const attentionFactor =
				said.attention_factor ??
				(factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalMaxPositions)));
			return plain({
				...{ type: 'longrope', attentionFactor, shortDivisors, longDivisors },
				originalMaxPositions
			});
		}
		default:
			throw new OwnEngineRefusal(
				at,
				`type is ${quoted(JSON.stringify(type))}, which is not supported`,
				`supported: ${ROPE_TYPES.join(', ')}. An ONNX export of this model can be analysed instead`
			);
	}
}

/** YaRN's factor of cosines and sines (Peng et al. 2023, arXiv 2309.00071), and DeepSeek's variant of it. */
function yarnAttentionFactor(
	factor: number,
	{ mscale, mscale_all_dim: allDims }: ScalingFields
): number {
	const scale = (by: number): number => (factor <= 1 ? 1 : 0.1 * by * Math.log(factor) + 1);
	return mscale && allDims ? scale(mscale) / scale(allDims) : scale(1);
}
