import type { Reporter } from '../../telemetry/reporter.ts';
import { ForwardPass } from '../../engine/forward.ts';
import { allocateKept, attentionOf } from '../../engine/keptWindow.ts';
import { OutputPass } from '../../engine/output.ts';
import type { WeightSource } from '../../engine/weights.ts';
import type { Sources, SpanLimits } from '../../plan/types.ts';
import type { PreparedSearch } from './prepare.ts';

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

/**
 * [L]: how much each layer's attention turns the state of a model with dropped layers, over the search part: the mean over
 * tokens of 1 − cos(x, x + Attn(x)), without the bias of W_O. Dropped layers have 0.
 */
export async function measureTurned(
	prepared: PreparedSearch,
	weights: WeightSource,
	sources: Sources,
	reporter: Reporter
): Promise<number[]> {
	const { checkpoint, layout, parts, work } = prepared;
	const { layers, hidden: width } = checkpoint.config;
	const forward = new ForwardPass(checkpoint.config, layout, weights);
	const output = await OutputPass.open(checkpoint.config, layout, weights);
	const kept = allocateKept(layout, width);
	const nothing = new Float32Array(layout.context * width);
	const turned = new Float64Array(layers);
	for (const [window, { ids }] of parts.search.entries()) {
		const states = [await forward.start(ids, null)];
		for (let layer = 0; layer < layers; layer++) {
			const before = states[0].hidden.slice();
			const attention = attentionOf(kept, layer);
			states[0].attention = sources[layer] === null ? null : attention;
			await forward.run(states, { sources, first: layer, last: layer });
			reporter.addLayer(work.layer, 'dropping step by step', window, layer);
			if (sources[layer] === null) continue;
			const own = await output.run(layer, before, attention, layer, nothing);
			turned[layer] += turnedBy(before, own.output, width);
		}
	}
	await forward.release();
	await output.release();
	return Array.from(turned, (sum) => sum / (parts.search.length * layout.context));
}

/**
 * Drops, in one shot, the layers whose attention turns the state least (ties to the lower layer), as many as it takes: the
 * choice of LLM-Drop (He et al., arXiv 2406.15786). null: all do not reach it.
 */
export function leastTurnedPlan(
	turned: readonly number[],
	{ protectedLayers }: Pick<SpanLimits, 'protectedLayers'>,
	isEnough: (sources: Sources) => boolean
): Sources | null {
	const order = [...turned.keys()]
		.filter((layer) => !protectedLayers.includes(layer))
		.sort((a, b) => turned[a] - turned[b] || a - b);
	let sources: Sources = [...turned.keys()];
	for (const layer of order) {
		if (isEnough(sources)) return sources;
		sources = sources.with(layer, null);
	}
	return isEnough(sources) ? sources : null;
}

/** The same step by step: after each dropped layer the others are measured again, without it. */
export async function leastTurnedSteps(
	turned: readonly number[],
	limits: Pick<SpanLimits, 'protectedLayers'>,
	isEnough: (sources: Sources) => boolean,
	again: (sources: Sources) => Promise<readonly number[]>
): Promise<Sources | null> {
	let sources: Sources = [...turned.keys()];
	let now = turned;
	while (!isEnough(sources)) {
		const open = sources.flatMap((source, layer) =>
			source === null || limits.protectedLayers.includes(layer) ? [] : [layer]
		);
		if (open.length === 0) return null;
		const least = open.reduce((best, layer) => (now[layer] < now[best] ? layer : best));
		sources = sources.with(least, null);
		if (!isEnough(sources)) now = await again(sources);
	}
	return sources;
}
