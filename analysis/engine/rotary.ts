import { rotarySuffix } from '../graph/capture.ts';
import { rotaryTables } from '../graph/rotary.ts';
import type { ModelConfig } from '../model/checkpoint/types.ts';
import { tensor, type Tensors } from './session.ts';

/** The tables of each set of a model's rotary frequencies, for windows of `context` tokens: `cos` and `sin`. */
export function rotaryFeeds(config: ModelConfig, context: number): Tensors[] {
	return config.rotaries.map((_, set) => {
		const { cos, sin } = rotaryTables(config, context, set);
		const dims = [context, config.rotaryDims / 2];
		return { cos: tensor(cos, dims), sin: tensor(sin, dims) };
	});
}

/** The tables of all sets, as a graph of the whole model takes them: each under its name with `rotarySuffix`. */
export function allRotary(config: ModelConfig, context: number): Tensors {
	return Object.fromEntries(
		rotaryFeeds(config, context).flatMap(({ cos, sin }, set) => [
			[`cos${rotarySuffix(set)}`, cos],
			[`sin${rotarySuffix(set)}`, sin]
		])
	);
}

/** Those of a layer's set; nothing where the layer does not rotate. */
export function layerRotary(
	config: ModelConfig,
	feeds: readonly Tensors[],
	layer: number
): Tensors {
	const set = config.rotaryOf[layer];
	return set === null ? {} : feeds[set];
}
