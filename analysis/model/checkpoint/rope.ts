import * as v from 'valibot';
import { parseUntrusted } from '../../edge/parse.ts';
import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import type { RopeScaling } from './types.ts';

/** rope_theta of every supported architecture where config.json gives none (transformers 5). */
const DEFAULT_THETA = 10_000;

const ROPE_TYPES = ['default', 'linear', 'dynamic', 'llama3'];

/** Keys that belong to rope types other than those supported, and that these do not look at. */
const KEYS_OF_OTHERS = [
	'attention_factor',
	'beta_fast',
	'beta_slow',
	'finetuned',
	'long_factor',
	'mrope_section',
	'mscale',
	'mscale_all_dim',
	'short_factor',
	'truncate'
];

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const text = v.pipe(v.string(), v.maxLength(100));

/** The rotary part of config.json, in its old spelling and its new one. */
export const ropeFields = {
	rope_theta: v.nullish(positive),
	rope_scaling: v.nullish(v.looseObject({})),
	rope_parameters: v.nullish(v.looseObject({})),
	partial_rotary_factor: v.nullish(v.number()),
	original_max_position_embeddings: v.nullish(positive)
};

const scaling = {
	rope_theta: v.nullish(positive),
	rope_type: v.nullish(text),
	type: v.nullish(text),
	partial_rotary_factor: v.nullish(v.number()),
	factor: v.nullish(positive),
	low_freq_factor: v.nullish(positive),
	high_freq_factor: v.nullish(positive),
	original_max_position_embeddings: v.nullish(positive)
};

const KNOWN = [...Object.keys(scaling), ...KEYS_OF_OTHERS];

type RopeFields = { [name in keyof typeof ropeFields]?: v.InferOutput<(typeof ropeFields)[name]> };

/**
 * Base and scaling of the rotary embedding. As in transformers 5, a non-empty `rope_scaling` stands before
 * `rope_parameters`, and `rope_theta` inside it before `rope_theta` beside it. Up to `maxPositions` tokens, which no
 * context exceeds, `dynamic` is the same as `default`.
 * Throws InputError for other rope types, for parameters by layer type, and for keys that are not known.
 */
export function parseRope(
	fields: RopeFields,
	maxPositions: number,
	where: string
): { theta: number; scaling: RopeScaling } {
	const old = fields.rope_scaling ?? {};
	const key = Object.keys(old).length > 0 ? 'rope_scaling' : 'rope_parameters';
	const given = fields[key] ?? {};
	refuseUnknownShape(given, key, where);
	const rope = parseUntrusted(v.object({ [key]: v.object(scaling) }), { [key]: given }, where)[key];
	const rotated = rope.partial_rotary_factor ?? fields.partial_rotary_factor ?? 1;
	if (rotated !== 1) {
		throw new InputError(
			`${where}: partial_rotary_factor is ${rotated}; only 1 (the whole head rotates) is supported`
		);
	}
	const theta = rope.rope_theta ?? fields.rope_theta ?? DEFAULT_THETA;
	const named = rope.rope_type ?? rope.type;
	if (named == null && rope.factor != null) {
		throw new InputError(
			`${where}: ${key} has a factor and no rope_type; expected one of ${ROPE_TYPES.join(', ')}`
		);
	}
	const type = named ?? 'default';

	const required = (name: 'factor' | 'low_freq_factor' | 'high_freq_factor'): number => {
		const value = rope[name];
		if (value == null) throw new InputError(`${where}: ${key} of type ${type} has no ${name}`);
		return value;
	};
	switch (type) {
		case 'default':
			return { theta, scaling: { type } };
		case 'dynamic':
			required('factor');
			return { theta, scaling: { type: 'default' } };
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
				`${where}: ${key} has the type ${quoted(JSON.stringify(type))}, which is not supported; supported: ` +
					`${ROPE_TYPES.join(', ')}. An ONNX export of this model can be analysed instead`
			);
	}
}

/** transformers 5 has rope parameters by layer type for some families; what they mean must not be guessed at. */
function refuseUnknownShape(given: object, key: string, where: string): void {
	for (const [name, value] of Object.entries(given)) {
		if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
			throw new InputError(
				`${where}: ${key}.${quoted(name)}: rope parameters by layer type are not supported; expected one set for all layers`
			);
		}
		if (!KNOWN.includes(name)) {
			throw new InputError(
				`${where}: ${key}.${quoted(name)} is not known; supported keys: ${Object.keys(scaling).join(', ')}`
			);
		}
	}
}
