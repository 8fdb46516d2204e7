import * as v from 'valibot';
import { boundedArray } from '../../edge/parse.ts';
import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import { OwnEngineRefusal } from './ownEngineRefusal.ts';
import type { Family } from './families/family.ts';

/** Largest models in use have 126 layers; far more is a broken file that would fill memory. */
export const MAX_LAYERS = 4096;

const DEFAULT_SLIDING_WINDOW = 4096;
const DEFAULT_MAX_WINDOW_LAYERS = 28;

const FULL = 'full_attention';
const SLIDING = 'sliding_attention';

const natural = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 31 - 1));
const positive = v.pipe(natural, v.minValue(1));

/** The part of config.json about sliding windows. */
export const windowFields = {
	sliding_window: v.optional(v.nullable(positive)),
	use_sliding_window: v.nullish(v.boolean()),
	max_window_layers: v.nullish(natural),
	sliding_window_pattern: v.nullish(positive),
	_sliding_window_pattern: v.nullish(positive),
	layer_types: v.optional(v.nullable(boundedArray(v.string(), MAX_LAYERS)))
};

type WindowFields = {
	[name in keyof typeof windowFields]?: v.InferOutput<(typeof windowFields)[name]>;
};

/** Per layer, how many keys a query sees at most, its own included; null: all before it. */
export function slidingWindowsOf(
	raw: WindowFields & { num_hidden_layers: number },
	{ window: kind }: Family,
	where: string
): (number | null)[] {
	const layers = Array.from({ length: raw.num_hidden_layers }, (_, layer) => layer);
	const window = raw.sliding_window === undefined ? DEFAULT_SLIDING_WINDOW : raw.sliding_window;
	if (kind === 'none') return layers.map(() => null);
	if (kind === 'all layers') return layers.map(() => window);
	if (kind === 'where used')
		return layers.map(() => (raw.use_sliding_window === true ? window : null));

	const types = raw.layer_types?.map((type) => (type === 'attention' ? FULL : type));
	if (types !== undefined && types.length !== layers.length) {
		throw new InputError(
			`${where}: layer_types names ${types.length} layers; num_hidden_layers is ${layers.length}`
		);
	}
	const unknown = types?.find((type) => ![FULL, SLIDING].includes(type));
	if (unknown !== undefined) {
		throw new OwnEngineRefusal(
			where,
			`layer_types has ${quoted(JSON.stringify(unknown))}`,
			`supported: ${FULL}, ${SLIDING}`
		);
	}
	if (kind !== 'some layers') {
		if (window === null) {
			throw new InputError(`${where}: sliding_window is null; expected a number of tokens`);
		}
		const every = raw.sliding_window_pattern ?? raw._sliding_window_pattern ?? kind.fullEvery;
		return layers.map((layer) => {
			const full = types === undefined ? (layer + 1) % every === 0 : types[layer] === FULL;
			return full ? null : window;
		});
	}
	const slides = raw.use_sliding_window === true && window !== null;
	if (types?.includes(SLIDING) === true && !slides) {
		throw new InputError(
			`${where}: layer_types has ${SLIDING}, but no window is set; expected use_sliding_window: true and sliding_window`
		);
	}
	if (!slides) return layers.map(() => null);
	const first = raw.max_window_layers ?? DEFAULT_MAX_WINDOW_LAYERS;
	return layers.map((layer) => {
		const windowed = types === undefined ? layer >= first : types[layer] === SLIDING;
		return windowed ? window : null;
	});
}

/**
 * As `slidingWindowsOf`, of a family that is not known here: as far as config.json names the type of each layer; null: it
 * does not.
 */
export function namedWindows(
	raw: Pick<WindowFields, 'layer_types' | 'sliding_window'>,
	layers: number
): (number | null)[] | null {
	const { layer_types: types, sliding_window: window } = raw;
	if (types?.length !== layers || typeof window !== 'number' || window === 0) return null;
	return types.map((type) => (type === SLIDING ? window : null));
}
