import type { ForwardPass, LayerSources } from './forward.ts';
import { attentionOf } from './keptWindow.ts';
import type { OutputPass } from './output.ts';
import type { WalkedWindow } from './planWalk.ts';

/** Sum over tokens of 1 − cos(x, x + a), x and a being [S, width]; a token whose state is 0 is not turned. */
export function turnedBy(x: Float32Array, a: Float32Array, width: number): number {
	let sum = 0;
	for (let first = 0; first < x.length; first += width) {
		let [dot, before, after] = [0, 0, 0];
		for (let at = first; at < first + width; at++) {
			const next = x[at] + a[at];
			dot += x[at] * next;
			before += x[at] * x[at];
			after += next * next;
		}
		if (before > 0 && after > 0) sum += 1 - dot / Math.sqrt(before * after);
	}
	return sum;
}

/** [L]: sums over a window's tokens of how much each layer's attention turns the state of a model with dropped layers. */
export async function turnedOf(
	{ forward, output, width }: { forward: ForwardPass; output: OutputPass; width: number },
	sources: LayerSources,
	each: WalkedWindow,
	onLayer: (layer: number) => void
): Promise<Float64Array> {
	const turned = new Float64Array(sources.length);
	const nothing = each.beside[0].fill(0);
	each.known.ids = null;
	const state = { ...(await forward.start(each.ids, null)), window: each.window };
	for (const layer of sources.keys()) {
		const before = each.hidden[layer];
		before.set(state.hidden);
		const attention = attentionOf(each, layer);
		const states = [{ ...state, attention: sources[layer] === null ? null : attention }];
		await forward.run(states, { sources, first: layer, last: layer });
		state.hidden = states[0].hidden;
		onLayer(layer);
		if (sources[layer] === null) continue;
		const own = await output.run(layer, before, attention, layer, nothing);
		turned[layer] += turnedBy(before, own.output, width);
	}
	return turned;
}
