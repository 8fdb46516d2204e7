import { InputError } from '../errors.ts';
import { reachOf } from './facts.ts';
import type { FoundOnnx } from './open.ts';
import type { AttentionLayer } from './types.ts';

/** What every layer of a model is to do. */
export interface PlannedAttention {
	/** Per layer: itself, the layer before it whose probabilities it reuses, or null: no attention. */
	sources: readonly (number | null)[];
	/** Per layer, the source's head for each of its heads; null: heads keep their places. */
	headMaps: readonly (readonly number[] | null)[];
}

/** Inputs of GroupQueryAttention with scales of a quantized cache. */
const CACHE_SCALES = [12, 13];

/**
 * Throws InputError, naming layer, form and reason, where a model's attention cannot be shared as planned: another
 * number of layers, heads or reach, a follower or a source of a form that does not allow it.
 */
export function checkShareable(model: FoundOnnx, planned: PlannedAttention): void {
	const { layers, name, onnx, config } = model;
	const fail = (text: string): never => {
		throw new InputError(`${onnx.file}: ${text}`);
	};
	if (planned.sources.length !== layers.length) {
		fail(`plan of ${planned.sources.length} layers; ${name} has ${layers.length}`);
	}
	const reach = reachOf(layers, config);
	for (const follower of layers) {
		const at = planned.sources[follower.layer];
		if (at === null || at === follower.layer) continue;
		const source = layers[at];
		if (source.probabilities.how === 'none') {
			fail(`${words(source)} cannot be a source: ${source.probabilities.reason}`);
		}
		if (!follower.sharing.possible) {
			fail(`${words(follower)} cannot be a follower: ${follower.sharing.reason}`);
		}
		if (CACHE_SCALES.some((input) => isQuantized(model, follower, input))) {
			fail(`${words(follower)} cannot be a follower: its cache is quantized`);
		}
		if (source.heads !== follower.heads) {
			fail(
				`${words(follower)} has ${follower.heads ?? 'unknown'} heads; its source, layer ${at}, has ${source.heads ?? 'unknown'}`
			);
		}
		if (reach[at] !== reach[follower.layer]) {
			fail(
				`${words(follower)} sees ${reachWords(reach[follower.layer])}; its source, layer ${at}, ${reachWords(reach[at])}`
			);
		}
		const map = planned.headMaps[follower.layer];
		const { heads } = source;
		if (map !== null && heads !== null && (map.length !== heads || map.some((h) => h >= heads))) {
			fail(`${words(follower)}: head map [${map.join(', ')}]; expected ${heads} heads of ${heads}`);
		}
	}
}

function isQuantized({ view }: FoundOnnx, { form, node }: AttentionLayer, input: number): boolean {
	return form === 'GroupQueryAttention' && Boolean(view.node(node).input[input]);
}

function words({ layer, operator, name }: AttentionLayer): string {
	return `layer ${layer}: ${operator} ${name}`;
}

function reachWords(reach: number | null): string {
	return reach === null ? 'every token before' : `${reach} tokens`;
}
