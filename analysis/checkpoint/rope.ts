import * as v from 'valibot';
import { InputError } from '../errors.ts';
import type { RopeScaling } from './types.ts';

/** rope_theta of every supported architecture where config.json gives none (transformers 5). */
const DEFAULT_THETA = 10_000;

const ROPE_TYPES = ['default', 'linear', 'llama3'];

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

/** The rotary part of config.json, in its old spelling and its new one. */
export const ropeFields = {
	rope_theta: v.nullish(positive),
	rope_scaling: v.nullish(v.record(v.string(), v.unknown())),
	rope_parameters: v.nullish(v.record(v.string(), v.unknown())),
	partial_rotary_factor: v.nullish(v.number()),
	original_max_position_embeddings: v.nullish(positive)
};

const scalingSchema = v.object({
	rope_theta: v.nullish(positive),
	rope_type: v.nullish(v.string()),
	type: v.nullish(v.string()),
	partial_rotary_factor: v.nullish(v.number()),
	factor: v.nullish(positive),
	low_freq_factor: v.nullish(positive),
	high_freq_factor: v.nullish(positive),
	original_max_position_embeddings: v.nullish(positive)
});

type RopeFields = { [name in keyof typeof ropeFields]?: v.InferOutput<(typeof ropeFields)[name]> };

/**
 * Base and scaling of the rotary embedding. As in transformers 5, a non-empty `rope_scaling` stands before
 * `rope_parameters`, and `rope_theta` inside it before `rope_theta` beside it.
 * Throws InputError for rope types other than default, linear and llama3.
 */
export function parseRope(
	fields: RopeFields,
	maxPositions: number,
	where: string
): { theta: number; scaling: RopeScaling } {
	const old = fields.rope_scaling ?? {};
	const key = Object.keys(old).length > 0 ? 'rope_scaling' : 'rope_parameters';
	const parsed = v.safeParse(scalingSchema, fields[key] ?? {});
	if (!parsed.success) {
		const [issue] = parsed.issues;
		const path = v.getDotPath(issue) ?? '';
		throw new InputError(
			`${where}: ${key}.${path} is ${issue.received}; expected ${issue.expected ?? 'a value'}`
		);
	}
	const rope = parsed.output;
	const rotated = rope.partial_rotary_factor ?? fields.partial_rotary_factor ?? 1;
	if (rotated !== 1) {
		throw new InputError(
			`${where}: partial_rotary_factor is ${rotated}; only 1 (the whole head rotates) is supported`
		);
	}
	const theta = rope.rope_theta ?? fields.rope_theta ?? DEFAULT_THETA;
	const type = rope.rope_type ?? rope.type ?? 'default';

	const required = (name: 'factor' | 'low_freq_factor' | 'high_freq_factor'): number => {
		const value = rope[name];
		if (value == null) throw new InputError(`${where}: ${key} of type ${type} has no ${name}`);
		return value;
	};
	switch (type) {
		case 'default':
			return { theta, scaling: { type } };
		case 'linear':
			return { theta, scaling: { type, factor: required('factor') } };
		case 'llama3': {
			const scaling: RopeScaling = {
				type,
				factor: required('factor'),
				lowFreqFactor: required('low_freq_factor'),
				highFreqFactor: required('high_freq_factor'),
				originalMaxPositions:
					fields.original_max_position_embeddings ??
					rope.original_max_position_embeddings ??
					maxPositions
			};
			if (scaling.highFreqFactor <= scaling.lowFreqFactor) {
				throw new InputError(
					`${where}: ${key}.high_freq_factor is ${scaling.highFreqFactor}; ` +
						`expected more than low_freq_factor, ${scaling.lowFreqFactor}`
				);
			}
			return { theta, scaling };
		}
		default:
			throw new InputError(
				`${where}: rope type is ${JSON.stringify(type)}; supported: ${ROPE_TYPES.join(', ')}`
			);
	}
}
