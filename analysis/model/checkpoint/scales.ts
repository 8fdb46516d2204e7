import * as v from 'valibot';
import type { Family } from './families/family.ts';
import type { Scales } from './types.ts';

const factor = v.nullish(v.pipe(v.number(), v.finite(), v.gtValue(0)));

/** Factors and bounds in config.json; those that a family does not follow are refused before. */
export const scaleFields = {
	query_pre_attn_scalar: factor,
	attention_multiplier: factor,
	attn_logit_softcapping: factor,
	embedding_multiplier: factor,
	residual_multiplier: factor,
	logits_scaling: factor,
	logit_scale: factor,
	final_logit_softcapping: factor
};

type ScaleFields = { [name in keyof typeof scaleFields]?: number | null };

/** A model's factors and bounds; scores are divided by √headDim where config.json says nothing else. */
export function parseScales(
	raw: ScaleFields & { hidden_size: number },
	family: Family,
	headDim: number
): Scales {
	const { query_pre_attn_scalar: scalar, attention_multiplier: multiplier } = raw;
	return {
		score: multiplier ?? 1 / Math.sqrt(scalar ?? headDim),
		scoreCap: raw.attn_logit_softcapping ?? null,
		logitCap: raw.final_logit_softcapping ?? null,
		logit: (raw.logit_scale ?? 1) / (raw.logits_scaling ?? 1),
		embedding: family.scaledEmbedding
			? Math.sqrt(raw.hidden_size)
			: (raw.embedding_multiplier ?? 1),
		residual: raw.residual_multiplier ?? 1
	};
}
