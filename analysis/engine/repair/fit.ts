import { ForwardPass, type WindowState } from '../forward.ts';
import { allocateSource } from '../layout.ts';
import type { LayerRepair, LayerRepairs } from './repairs.ts';
import { RepairSumsPass } from '../repairSums.ts';
import { floats } from '../session.ts';
import { BlockOutputs } from './blockOutputs.ts';
import { MeanOutput } from './meanOutput.ts';
import { refittedProjection } from './ridge.ts';
import type { RepairedLayers, RepairedModel } from './types.ts';

/**
 * Repairs of a plan's followers and dropped layers, a set of them for each strength (see `refittedProjection`),
 * fitted on windows of the layout's length. A follower's output projection is refitted so that the heads' outputs
 * under its source's attention make its block put out what it does under its own; a dropped layer gets the mean
 * of what its block puts out, the bias of W_O included. Hidden states, attention and outputs are those of the
 * unshared model throughout, so that one run of it serves every strength. (Fitting layer after layer within the
 * planned model, the repairs before it in place, takes a run for each strength and was no better on the bundled
 * models; aiming at the residual stream of the unshared model was worse.)
 *
 * Each weight is read once. Held of each window: its hidden state and one source's attention. `onLayer` is
 * called after each layer of each window. Throws RangeError where a strength is not above 0.
 */
export async function fitRepairs(
	model: RepairedModel,
	plan: RepairedLayers,
	windows: readonly { ids: readonly number[] }[],
	strengths: readonly number[],
	onLayer: (layer: number, window: number) => void = () => undefined
): Promise<LayerRepairs[]> {
	const { config, layout, weights } = model;
	const { sources } = plan;
	const repairs = strengths.map((strength) => ({
		strength,
		layers: new Map<number, LayerRepair>()
	}));
	const last = sources.findLastIndex((source, layer) => source !== layer);
	const forward = new ForwardPass(config, layout, weights);
	const blocks = await BlockOutputs.open(model, forward);
	const sumsPass = new RepairSumsPass(config, layout, weights);
	const states: WindowState[] = [];
	for (const { ids } of windows) {
		states.push(await forward.start(ids, allocateSource(layout, sources)));
	}
	for (let layer = 0; layer <= last; layer++) {
		const { attend } = await weights.layer(layer);
		if (layer < last) weights.prefetch(layer + 1);
		const source = sources[layer];
		if (source === layer) {
			await forward.run(states, { first: layer, last: layer, onLayer });
		} else if (source === null) {
			const mean = new MeanOutput(config.hidden);
			for await (const { window, output } of blocks.run(states, layer)) {
				mean.add(output);
				onLayer(layer, window);
			}
			const bias = mean.withBias(config.outputBias ? floats(attend, 'oBias') : null);
			for (const { layers } of repairs) layers.set(layer, { o: null, bias });
		} else {
			const sums = sumsPass.zeros();
			const follower = { layer, source, headMap: plan.headMaps?.[layer] ?? null };
			for await (const { window, hidden, output } of blocks.run(states, layer)) {
				const { attention } = states[window];
				await sumsPass.add(sums, follower, { hidden, target: output, attention });
				onLayer(layer, window);
			}
			for (const { strength, layers } of repairs) {
				const o = refittedProjection(floats(attend, 'o'), sums, strength);
				layers.set(layer, { o, bias: null });
			}
		}
	}
	await forward.release();
	await blocks.release();
	await sumsPass.release();
	return repairs.map(({ layers }) => layers);
}
