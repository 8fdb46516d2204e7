import * as v from 'valibot';
import { boundedArray, parseUntrusted } from '../../edge/parse.ts';
import { InputError } from '../../errors.ts';
import type { SharedAttention } from './types.ts';

const index = v.pipe(v.number(), v.integer(), v.minValue(0));

/** More layers or heads than any model has. */
const MAX_ENTRIES = 4096;

/** Schema of the plan that `spanwise apply --to transformers` leaves in config.json, as far as this stage needs it. */
const plan = v.object(
	{
		sources: boundedArray(v.nullable(index), MAX_ENTRIES),
		spans: boundedArray(
			v.object({
				followers: boundedArray(index, MAX_ENTRIES),
				headMap: v.union([
					v.literal('identity'),
					boundedArray(boundedArray(index, MAX_ENTRIES), MAX_ENTRIES)
				])
			}),
			MAX_ENTRIES
		)
	},
	'expected a plan'
);

/**
 * The attention that layers take from others by the model's own making, from the plan under `spanwise` in its
 * config.json; null: every layer computes its own. Throws InputError where it is no plan for this model.
 */
export function parseShared(
	json: unknown,
	model: { layers: number; heads: number },
	where: string
): SharedAttention | null {
	if (json === undefined || json === null) return null;
	const { sources, spans } = parseUntrusted(
		v.object({ spanwise: plan }),
		{ spanwise: json },
		where
	).spanwise;
	if (sources.length !== model.layers) {
		throw new InputError(
			`${where}: spanwise.sources names ${sources.length} layers; num_hidden_layers is ${model.layers}`
		);
	}
	for (const [layer, source] of sources.entries()) checkSource(sources, layer, source, where);
	const headMaps = sources.map((): number[] | null => null);
	for (const { followers, headMap } of spans) {
		if (headMap === 'identity') continue;
		for (const [at, follower] of followers.entries()) {
			const map = headMap.at(at);
			if (map?.length !== model.heads || map.some((head) => head >= model.heads)) {
				throw new InputError(
					`${where}: spanwise: head map of layer ${follower} is [${(map ?? []).join(', ')}]; ` +
						`expected ${model.heads} heads from 0 to ${model.heads - 1}`
				);
			}
			headMaps[follower] = map;
		}
	}
	return sources.every((source, layer) => source === layer) ? null : { sources, headMaps };
}

/** As for any plan: a source computes its own attention, and the layers of a span are contiguous. */
function checkSource(
	sources: readonly (number | null)[],
	layer: number,
	source: number | null,
	where: string
): void {
	if (source === null || source === layer) return;
	if (source < layer && sources[source] === source && sources[layer - 1] === source) return;
	throw new InputError(
		`${where}: spanwise.sources: layer ${layer} has source ${source}; expected itself, null, or the ` +
			'layer that the layers before it follow and that computes its own attention'
	);
}

/** Returns notes for the user on a run of a model whose layers share attention by its own making; empty for others. */
export function sharedNotes(shared: SharedAttention | null): string[] {
	if (shared === null) return [];
	return [
		`${withoutOwn(shared)}, by config.json: make plans from a run of the model that it was made from`
	];
}

function withoutOwn({ sources }: SharedAttention): string {
	const layers = sources.flatMap((source, layer) => (source === layer ? [] : [layer]));
	return layers.length === 1
		? `layer ${layers[0]} has no attention of its own`
		: `layers ${layers.join(', ')} have no attention of their own`;
}

/**
 * Throws InputError for a model whose layers share attention by its own making, where only one whose layers all
 * compute their own will do.
 */
export function requireOwnAttention(
	model: { name: string; config: { shared: SharedAttention | null } },
	what: string
): void {
	const { shared } = model.config;
	if (shared === null) return;
	throw new InputError(
		`${model.name}: ${withoutOwn(shared)}, by its config.json; ${what} needs the model that it was made from`
	);
}
