import * as v from 'valibot';
import { boundedArray, parseUntrusted } from '../../edge/parse.ts';
import { InputError } from '../../errors.ts';
import { checkSources } from '../spans.ts';
import type { Plan, Sources } from '../types.ts';

/**
 * Layers of a plan as the code of Shared Attention takes them (Liao & Vargas, arXiv 2407.12866; metacarbon/shareAtt).
 * It lists the layers that are *not* shared, and every other layer takes the attention weights of the nearest layer
 * before it that is no follower. Both lists rise, 0-based.
 */
export interface ShareAtt {
	followers: number[];
	nonShared: number[];
}

/**
 * The two lists of a plan. Throws InputError where their code cannot express it: a dropped layer, or
 * heads that are not taken in their own order.
 */
export function toShareAtt(plan: Pick<Plan, 'sources' | 'spans'>): ShareAtt {
	const problem = shareAttProblem(plan);
	if (problem !== null) throw new InputError(`shareatt: ${problem}`);
	const layers = plan.sources.map((source, layer) => ({ source, layer }));
	const indices = (list: typeof layers) => list.map(({ layer }) => layer);
	return {
		followers: indices(layers.filter(({ source, layer }) => source !== layer)),
		nonShared: indices(layers.filter(({ source, layer }) => source === layer))
	};
}

/** Says why the authors' code cannot express a plan; null where it can. */
export function shareAttProblem(plan: Pick<Plan, 'sources' | 'spans'>): string | null {
	// A checked plan's spans are contiguous, so a follower's source is the nearest layer before it that
	// is no follower, as their code has it.
	checkSources(plan.sources);
	const dropped = plan.sources.indexOf(null);
	if (dropped >= 0)
		return `layer ${dropped} is dropped; the authors' code computes or shares every layer`;
	const mapped = plan.spans.find((span) => span.headMap !== 'identity');
	if (mapped)
		return `the span of ${mapped.source} rearranges heads; the authors' code keeps every head in its place`;
	return null;
}

/** More layers than any model has. */
const MOST_LAYERS = 10_000;
const list = boundedArray(v.pipe(v.number(), v.integer(), v.minValue(0)), MOST_LAYERS);
const lists = v.object({ followers: v.optional(list), nonShared: v.optional(list) });

/** Tells whether a file holds the authors' lists rather than a plan. */
export function isShareAtt(json: unknown): boolean {
	if (Array.isArray(json)) return true;
	return typeof json === 'object' && json !== null && ('followers' in json || 'nonShared' in json);
}

/**
 * Reads the authors' lists as the sources of a model of `layers` layers: either list, both, or the bare list of the
 * layers that are not shared, as it stands in their code. `where` names the file. Throws InputError.
 */
export function parseShareAtt(json: unknown, where: string, layers: number): Sources {
	const given = Array.isArray(json) ? { nonShared: json } : json;
	const { followers, nonShared } = parseUntrusted(lists, given, where);
	try {
		if (followers === undefined && nonShared === undefined)
			throw new InputError('neither followers nor nonShared; expected one of these lists');
		const fromNonShared = nonShared && fromShareAtt({ nonShared }, layers);
		const fromFollowers = followers && fromShareAtt({ followers }, layers);
		const differing = fromFollowers?.findIndex(
			(source, layer) => fromNonShared && source !== fromNonShared[layer]
		);
		if (differing !== undefined && differing >= 0)
			throw new InputError(
				`followers and nonShared disagree on layer ${differing}; every layer is in one of them`
			);
		return fromNonShared ?? fromFollowers ?? [];
	} catch (error) {
		if (!(error instanceof InputError)) throw error;
		throw new InputError(`${where}: ${error.message}`, { cause: error });
	}
}

/**
 * The sources of a model of `layers` layers from either list. Throws InputError for an index outside the
 * model or given twice, and where layer 0 would follow.
 */
export function fromShareAtt(
	list: { followers: readonly number[] } | { nonShared: readonly number[] },
	layers: number
): Sources {
	const [name, given] =
		'followers' in list ? ['followers', list.followers] : ['nonShared', list.nonShared];
	given.forEach((layer, i) => {
		if (!Number.isInteger(layer) || layer < 0 || layer >= layers)
			throw new InputError(`${name}: layer ${layer}; allowed: 0 to ${layers - 1}`);
		if (given.indexOf(layer) !== i)
			throw new InputError(`${name}: layer ${layer} twice; allowed: once`);
	});
	let source = -1;
	return Array.from({ length: layers }, (_, layer) => {
		const follows = given.includes(layer) === (name === 'followers');
		if (!follows) source = layer;
		if (source < 0)
			throw new InputError(`${name}: layer 0 would follow; it has no layer before it`);
		return source;
	});
}
