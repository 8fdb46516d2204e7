import * as v from 'valibot';
import { boundedArray, parseUntrusted } from '../../edge/parse.ts';
import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import type { Family } from './families/family.ts';
import { MAX_LAYERS } from './slidingWindow.ts';
import { parseScaling, scalingFields, SCALING_KEYS, type ScalingFields } from './ropeScaling.ts';
import type { Rotary } from './types.ts';

/** rope_theta of most architectures where config.json gives none (transformers 5). */
const DEFAULT_THETA = 10_000;

const FULL = 'full_attention';
const SLIDING = 'sliding_attention';

/** Keys that the types of scaling that are read do not look at. */
const KEYS_OF_OTHERS = ['finetuned', 'mrope_section'];

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

/** The rotary part of config.json, in its old spelling and its new one. */
export const ropeFields = {
	rope_theta: v.nullish(positive),
	rope_local_base_freq: v.nullish(positive),
	rope_scaling: v.nullish(v.looseObject({})),
	rope_parameters: v.nullish(v.looseObject({})),
	partial_rotary_factor: v.nullish(v.number()),
	original_max_position_embeddings: v.nullish(positive),
	no_rope_layers: v.nullish(boundedArray(v.number(), MAX_LAYERS)),
	no_rope_layer_interval: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1)))
};

type RopeFields = { [name in keyof typeof ropeFields]?: v.InferOutput<(typeof ropeFields)[name]> };

/** Keys that single families have. */
const KEYS_OF_FAMILIES = ['alpha', 'llama_4_scaling_beta'];
const KNOWN = ['rope_theta', 'partial_rotary_factor', ...SCALING_KEYS, ...KEYS_OF_OTHERS].filter(
	(key) => !KEYS_OF_FAMILIES.includes(key)
);

/** Facts that the rotary embedding depends on besides its own part of config.json. */
interface Around {
	family: Family;
	/** Per layer; null: no sliding window. */
	slidingWindows: readonly (number | null)[];
	maxPositions: number;
	headDim: number;
}

/** The rotary embedding of a model, as its config has it, and the positions up to which it is followed. */
interface Rope {
	rotaries: Rotary[];
	rotaryOf: (number | null)[];
	rotaryDims: number;
	maxPositions: number;
}

/**
 * The rotary embedding of each layer. As in transformers 5, a non-empty `rope_scaling` stands before
 * `rope_parameters`, and `rope_theta` inside it before `rope_theta` beside it. Families whose layers with a sliding
 * window have a base of their own give two sets, by layer type or in two keys.
 * Throws InputError for other rope types, for sets by layer type of other families, and for keys that are not known.
 */
export function parseRope(fields: RopeFields, around: Around, where: string): Rope {
	const { family, slidingWindows, headDim } = around;
	if (family.unrotated === 'all') {
		const { maxPositions } = around;
		return { rotaries: [], rotaryOf: slidingWindows.map(() => null), rotaryDims: 0, maxPositions };
	}
	const old = fields.rope_scaling ?? {};
	const key = Object.keys(old).length > 0 ? 'rope_scaling' : 'rope_parameters';
	const given = fields[key] ?? {};
	const nested = FULL in given || SLIDING in given;
	const sets: RopeSet[] = [];
	if (family.localTheta === null) {
		sets.push(parseSet(given, key, fields, around, where));
	} else {
		const full = nested ? setOf(given, FULL) : given;
		sets.push(parseSet(full, nested ? `${key}.${FULL}` : key, fields, around, where));
		const local = {
			rope_theta: fields.rope_local_base_freq ?? family.localTheta,
			...(nested && setOf(given, SLIDING))
		};
		sets.push(parseSet(local, nested ? `${key}.${SLIDING}` : key, fields, around, where));
	}
	const [{ rotated }] = sets;
	if (rotated !== 1 && !family.partialRotary) {
		throw new InputError(
			`${where}: partial_rotary_factor is ${rotated}; only 1 (the whole head rotates) is supported`
		);
	}
	const rotaryDims = Math.floor(rotated * headDim);
	if (!(rotaryDims >= 2 && rotaryDims <= headDim && rotaryDims % 2 === 0)) {
		throw new InputError(
			`${where}: partial_rotary_factor is ${rotated}: of ${headDim} dimensions ${rotaryDims} rotate; expected an even number of them`
		);
	}
	return {
		rotaries: sets.map(({ rotary }) => rotary),
		rotaryOf: slidingWindows.map((window, layer) => {
			if (!rotates(layer, window, fields, family)) return null;
			return sets.length > 1 && window !== null ? 1 : 0;
		}),
		rotaryDims,
		maxPositions: Math.min(...sets.map(({ maxPositions }) => maxPositions))
	};
}

function setOf(given: object, type: string): object {
	const found = new Map<string, unknown>(Object.entries(given)).get(type);
	return typeof found === 'object' && found !== null ? found : {};
}

/** Returns true if a layer, whose sliding window may be null, rotates its queries and keys. */
function rotates(
	layer: number,
	slidingWindow: number | null,
	{ no_rope_layers: named, no_rope_layer_interval: interval }: RopeFields,
	{ unrotated }: Family
): boolean {
	if (unrotated === 'full layers') return slidingWindow !== null;
	if (unrotated !== 'no_rope_layers') return true;
	// In spite of its name it has 1 for layers that rotate.
	if (named != null && named.length > 0) return named[layer] !== 0;
	return (layer + 1) % (interval ?? DEFAULT_INTERVAL) !== 0;
}

/** SmolLM3 leaves every fourth layer as it is. */
const DEFAULT_INTERVAL = 4;

interface RopeSet {
	rotary: Rotary;
	/** Fraction of the head. */
	rotated: number;
	maxPositions: number;
}

function parseSet(
	given: object,
	key: string,
	fields: RopeFields,
	around: Around,
	where: string
): RopeSet {
	refuseUnknownShape(given, key, around.family.follows, where);
	const schema = v.object({
		rope_theta: ropeFields.rope_theta,
		partial_rotary_factor: ropeFields.partial_rotary_factor,
		...scalingFields
	});
	const rope = parseUntrusted(v.object({ [key]: schema }), { [key]: given }, where)[key];
	const theta = rope.rope_theta ?? fields.rope_theta ?? DEFAULT_THETA;
	const said: ScalingFields = {
		...rope,
		original_max_position_embeddings:
			fields.original_max_position_embeddings ?? rope.original_max_position_embeddings
	};
	const rotated = rope.partial_rotary_factor ?? fields.partial_rotary_factor ?? 1;
	const { headDim, maxPositions } = around;
	const scaled = parseScaling(said, {
		at: `${where}: ${key}`,
		family: around.family.modelType,
		maxPositions,
		rotaryDims: Math.floor(rotated * headDim)
	});
	return {
		rotary: { theta: theta * scaled.thetaFactor, scaling: scaled.scaling },
		rotated,
		maxPositions: scaled.maxPositions
	};
}

/** transformers 5 has rope parameters by layer type for some families; what they mean must not be guessed at. */
function refuseUnknownShape(
	given: object,
	key: string,
	follows: readonly string[],
	where: string
): void {
	const known = [...KNOWN, ...KEYS_OF_FAMILIES.filter((name) => follows.includes(name))];
	for (const [name, value] of Object.entries(given)) {
		if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
			throw new InputError(
				`${where}: ${key}.${quoted(name)}: rope parameters by layer type are not supported; expected one set for all layers`
			);
		}
		if (!known.includes(name)) {
			throw new InputError(
				`${where}: ${key}.${quoted(name)} is not known; supported keys: ${known.join(', ')}`
			);
		}
	}
}
