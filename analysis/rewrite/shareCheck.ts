import { InputError } from '../errors.ts';
import type { FoundOnnx } from '../model/onnx/open.ts';
import type { AttentionLayer } from '../model/onnx/types.ts';

/** Attention planned for every layer of a model. */
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
 * number of layers or heads or another sliding window, a follower or a source of a form that does not allow it.
 */
export function checkShareable(model: FoundOnnx, planned: PlannedAttention): void {
	for (const problem of sharingProblems(model, planned)) {
		if (problem !== null) throw new InputError(`${model.onnx.file}: ${problem}`);
	}
}

/**
 * Per layer, why it cannot do what is planned for it, naming layer, form and reason; null: it can. Throws InputError
 * for a plan of another number of layers.
 */
export function sharingProblems(model: FoundOnnx, planned: PlannedAttention): (string | null)[] {
	const { layers, name, onnx, windows } = model;
	if (planned.sources.length !== layers.length) {
		throw new InputError(
			`${onnx.file}: plan of ${planned.sources.length} layers; ${name} has ${layers.length}`
		);
	}
	const slidingWindows = windows.layers.map(({ tokens }) => tokens);
	return layers.map((follower) => {
		const at = planned.sources[follower.layer];
		if (at === null || at === follower.layer) return null;
		const source = layers[at];
		if (source.probabilities.how === 'none') {
			return `${words(source)} cannot be a source: ${source.probabilities.reason}`;
		}
		if (!follower.sharing.possible) {
			return `${words(follower)} cannot be a follower: ${follower.sharing.reason}`;
		}
		if (CACHE_SCALES.some((input) => isQuantized(model, follower, input))) {
			return `${words(follower)} cannot be a follower: its cache is quantized`;
		}
		if (source.heads !== follower.heads) {
			return `${words(follower)} has ${follower.heads ?? 'unknown'} heads; its source, layer ${at}, has ${source.heads ?? 'unknown'}`;
		}
		if (keepsByLength(source) !== keepsByLength(follower)) {
			return `${words(follower)} cannot follow layer ${at}, ${source.operator}: the two keep their caches in different orders where the sequences of a batch are not equally long`;
		}
		if (slidingWindows[at] !== slidingWindows[follower.layer]) {
			return `${words(follower)} sees ${seenWords(slidingWindows[follower.layer])}; its source, layer ${at}, ${seenWords(slidingWindows[at])}`;
		}
		const map = planned.headMaps[follower.layer];
		const { heads } = source;
		if (map === null || heads === null) return null;
		const fits = map.length === heads && map.every((head) => head < heads);
		return fits
			? null
			: `${words(follower)}: head map [${map.join(', ')}]; expected ${heads} heads of ${heads}`;
	});
}

/** Tells whether a layer keeps each sequence's keys without the padding between them. */
function keepsByLength({ form }: AttentionLayer): boolean {
	return form === 'GroupQueryAttention';
}

function isQuantized({ view }: FoundOnnx, { form, node }: AttentionLayer, input: number): boolean {
	return form === 'GroupQueryAttention' && Boolean(view.node(node).input[input]);
}

function words({ layer, operator, name }: AttentionLayer): string {
	return `layer ${layer}: ${operator} ${name}`;
}

function seenWords(slidingWindow: number | null): string {
	return slidingWindow === null ? 'every token before' : `${slidingWindow} tokens`;
}
