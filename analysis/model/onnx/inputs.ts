import { InputError } from '../../errors.ts';
import type { ValueInfoProto } from '../../proto/onnx_pb.ts';
import type { CacheSizes } from './cacheSizes.ts';
import type { GraphView } from './graphView.ts';
import { elementTypeName } from './tensors.ts';

/**
 * Role of a decoder's input, by the values it is fed when a whole window is run at once. `ids`: those of the tokens;
 * `mask`: ones for every token; `positions`: 0 … S − 1; `past`: an empty cache (length 0); `zeros`: 0 throughout.
 */
export type InputRole = 'ids' | 'mask' | 'positions' | 'past' | 'zeros';

export interface GraphInput {
	name: string;
	role: InputRole;
	/** TensorProto.DataType. */
	elementType: number;
	/** Returns the dimensions of the tensor that is fed for a window of `context` tokens, batch 1. */
	dims: (context: number) => number[];
	/** Tokens that the graph takes at once where it takes no other number; null: any. */
	fixedContext: number | null;
}

const INT32 = 6;
const INT64 = 7;

/** By name, as optimum, torch.onnx, onnxruntime-genai and transformers.js have them. */
const ROLES: Partial<Record<string, InputRole>> = {
	input_ids: 'ids',
	attention_mask: 'mask',
	position_ids: 'positions',
	cache_position: 'positions',
	token_type_ids: 'zeros',
	/** 0: logits of every position. */
	num_logits_to_keep: 'zeros'
};
/** Dimensions of keys or of values; of both in one, or of a follower's values where both were in one. */
const PAST_RANKS = [4, 5];
/** Axis of the batch in both. */
const PAST_BATCH = -4;
const PAST = /^past(_|\.|$)/;

/** Returns the role of an input by its name; null: not known. */
export function inputRole(name: string): InputRole | null {
	return ROLES[name] ?? (PAST.test(name) ? 'past' : null);
}

/**
 * Describes each input of the graph. Throws InputError for one that Spanwise does not know how to feed: an encoder's
 * states, images, embeddings in place of ids. `caches` has the sizes that the graph leaves open.
 */
export function graphInputs(
	view: GraphView,
	file: string,
	caches: CacheSizes = new Map()
): GraphInput[] {
	const infos = view.graph.input.filter(({ name }) => view.isInput(name));
	const inputs = infos.map((info) => graphInput(view, info, file, caches));
	if (!inputs.some(({ role }) => role === 'ids')) {
		throw new InputError(
			`${file}: inputs ${infos.map(({ name }) => name).join(', ')}; expected input_ids among them`
		);
	}
	return inputs;
}

function graphInput(
	view: GraphView,
	{ name }: ValueInfoProto,
	file: string,
	caches: CacheSizes
): GraphInput {
	const role = inputRole(name);
	if (role === null) {
		throw new InputError(
			`${file}: input ${name}: not known how to feed; known: ${Object.keys(ROLES).join(', ')}, past…`
		);
	}
	const elementType = view.elementType(name) ?? INT64;
	const shape = view.shape(name) ?? [];
	if (role !== 'past' && elementType !== INT64 && elementType !== INT32) {
		throw new InputError(
			`${file}: input ${name} is ${elementTypeName(elementType)}; expected int64 or int32`
		);
	}
	const wanted =
		role === 'past' ? PAST_RANKS : [2, ...(role === 'mask' || role === 'ids' ? [] : [0, 1])];
	if (!wanted.includes(shape.length)) {
		throw new InputError(
			`${file}: input ${name} is [${shape.join(', ')}]; expected ${wanted.join(' or ')} dimensions`
		);
	}
	const batch = shape.length > 1 ? shape.at(role === 'past' ? PAST_BATCH : 0) : 1;
	if (typeof batch === 'number' && batch !== 1) {
		throw new InputError(`${file}: input ${name} takes batches of ${batch}; expected 1 or any`);
	}
	if (role === 'past') return pastInput(name, elementType, shape, file, caches);
	const tokens = shape.at(-1);
	const dims = (context: number): number[] => [[], [context], [1, context]][shape.length];
	return {
		name,
		role,
		elementType,
		dims,
		fixedContext: typeof tokens === 'number' && shape.length > 0 ? tokens : null
	};
}

/** [1, kv heads, 0, width of a head], or as many of these as the cache has parts. */
function pastInput(
	name: string,
	elementType: number,
	shape: (number | string | null)[],
	file: string,
	caches: CacheSizes
): GraphInput {
	const [declaredHeads, past, declaredWidth] = shape.slice(PAST_BATCH + 1);
	const known = caches.get(name);
	const kvHeads = typeof declaredHeads === 'number' ? declaredHeads : known?.heads;
	const width = typeof declaredWidth === 'number' ? declaredWidth : known?.width;
	const inParts = shape.length > -PAST_BATCH;
	const parts = inParts ? shape[0] : 1;
	if (
		typeof kvHeads !== 'number' ||
		typeof width !== 'number' ||
		typeof parts !== 'number' ||
		typeof past === 'number'
	) {
		const found = shape.map((size) => size ?? '?').join(', ');
		throw new InputError(
			`${file}: input ${name} is [${found}]; expected a cache of any length whose heads and width the graph, genai_config.json or config.json says`
		);
	}
	const leading = inParts ? [parts, 1] : [1];
	return {
		name,
		role: 'past',
		elementType,
		dims: () => [...leading, kvHeads, 0, width],
		fixedContext: null
	};
}
