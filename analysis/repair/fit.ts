import { ForwardPass, type WindowState } from '../capture/forward.ts';
import { allocateSource } from '../capture/layout.ts';
import type { LayerRepair, LayerRepairs } from '../capture/repairs.ts';
import { RepairSumsPass, type RepairSums } from '../capture/repairSums.ts';
import { floats } from '../capture/session.ts';
import { BlockOutputs } from './blockOutputs.ts';
import { meanOutput } from './meanOutput.ts';
import { refittedProjection } from './ridge.ts';
import type { RepairedLayers, RepairedModel } from './types.ts';

/** The plan as it runs with the repairs of one strength so far. */
interface PlannedRun {
	strength: number;
	states: WindowState[];
	repairs: Map<number, LayerRepair>;
}

/**
 * Repairs of a plan's followers and left-out layers, a set of them for each strength (see `refittedProjection`),
 * fitted on windows of the layout's length. The plan runs beside the unshared model. When a follower's turn comes,
 * its output projection is refitted: from the heads' outputs that it has in the plan, the repairs of the layers
 * before it included, its attention block is to put out what it did in the unshared model. Only then does the plan
 * go on. A left-out layer gets the mean of what its block put out, bias of W_O included.
 *
 * Each weight is read once. Held of each window: its state and a block's output in the unshared model and, for
 * each strength, a state and one source's attention. `onLayer` is called after each layer of each window, in the
 * unshared model as in every planned run. Throws RangeError where a strength is not above 0.
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
	const changed = sources.flatMap((source, layer) => (source === layer ? [] : [layer]));
	if (changed.length === 0) return strengths.map(() => new Map());
	// Before its first source, the plan runs as the unshared model does.
	const parting = sources[changed[0]] ?? changed[0];
	const last = changed[changed.length - 1];

	const forward = new ForwardPass(config, layout, weights);
	const blocks = await BlockOutputs.open(model, forward);
	const sumsPass = new RepairSumsPass(config, layout, weights);
	const unshared: WindowState[] = [];
	for (const { ids } of windows) unshared.push(await forward.start(ids, null));
	let planned: PlannedRun[] = [];
	for (let layer = 0; layer <= last; layer++) {
		const { attend } = await weights.layer(layer);
		if (layer < last) weights.prefetch(layer + 1);
		if (layer === parting) {
			planned = strengths.map((strength) => ({
				strength,
				states: unshared.map(({ hidden }) => ({
					hidden: hidden.slice(),
					attention: allocateSource(layout, sources)
				})),
				repairs: new Map()
			}));
		}
		const source = sources[layer];
		const only = { first: layer, last: layer, onLayer };
		if (source === layer) {
			await forward.run(unshared, only);
			for (const { states } of planned) await forward.run(states, only);
			continue;
		}
		const targets = await blocks.run(unshared, layer, onLayer);
		for (const { strength, states, repairs } of planned) {
			if (source === null) {
				const bias = config.outputBias ? floats(attend, 'oBias') : null;
				repairs.set(layer, { o: null, bias: meanOutput(targets, bias, config.hidden) });
			} else {
				const headMap = plan.headMaps?.[layer] ?? null;
				const sums = await sumsOf(sumsPass, { layer, source, headMap }, states, targets);
				repairs.set(layer, {
					o: refittedProjection(floats(attend, 'o'), sums, strength),
					bias: null
				});
			}
			await forward.run(states, { ...plan, repairs, ...only });
		}
	}
	await forward.release();
	await blocks.release();
	await sumsPass.release();
	return planned.map(({ repairs }) => repairs);
}

/** Sums over the windows of a follower. */
async function sumsOf(
	pass: RepairSumsPass,
	follower: { layer: number; source: number; headMap: readonly number[] | null },
	states: readonly WindowState[],
	targets: readonly Float32Array[]
): Promise<RepairSums> {
	const { layer, source, headMap } = follower;
	const sums = pass.zeros();
	for (const [window, { hidden, attention }] of states.entries()) {
		if (attention === null)
			throw new RangeError(`layer ${layer} reuses layer ${source}, whose attention was not kept`);
		await pass.add(sums, layer, source, headMap, { hidden, target: targets[window], attention });
	}
	return sums;
}
