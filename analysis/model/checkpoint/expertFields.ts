import * as v from 'valibot';
import { InputError } from '../../errors.ts';
import type { Family } from './families/family.ts';
import type { Experts } from './types.ts';

/** The largest in use have 512. */
const MAX_EXPERTS = 4096;

const count = v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_EXPERTS)));
const positive = v.nullish(v.pipe(v.number(), v.finite(), v.gtValue(0)));

/** The part of config.json about experts. */
export const expertFields = {
	num_experts: count,
	num_local_experts: count,
	num_experts_per_tok: count,
	norm_topk_prob: v.nullish(v.boolean()),
	swiglu_alpha: positive,
	swiglu_limit: positive
};

type ExpertFields = {
	[name in keyof typeof expertFields]?: v.InferOutput<(typeof expertFields)[name]>;
};

/** Slope and limit of gpt-oss's clamped MLP, used where config.json gives none. */
const SLOPE = 1.702;
const LIMIT = 7;

/** A model's experts; null: its family has none. Throws InputError where a token would go through more than there are. */
export function parseExperts(raw: ExpertFields, family: Family, where: string): Experts | null {
	const { experts } = family;
	if (experts === null) return null;
	const total = raw.num_local_experts ?? raw.num_experts ?? experts.count;
	if (total === 0) throw new InputError(`${where}: num_experts is 0; expected at least 1`);
	const perToken = raw.num_experts_per_tok ?? experts.perToken;
	if (perToken > total) {
		throw new InputError(
			`${where}: num_experts_per_tok is ${perToken}; expected at most ${total}, the number of experts`
		);
	}
	return {
		...{ count: total, perToken, softmaxOver: experts.softmaxOver },
		normalised:
			experts.normalised === 'norm_topk_prob' ? raw.norm_topk_prob === true : experts.normalised,
		clamped: experts.clamped
			? { slope: raw.swiglu_alpha ?? SLOPE, limit: raw.swiglu_limit ?? LIMIT }
			: null
	};
}
