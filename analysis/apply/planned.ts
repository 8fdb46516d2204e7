import type { PlannedLayers } from '../engine/forward.ts';
import type { LayerRepair } from '../engine/repair/repairs.ts';
import { meanOutputName } from '../model/checkpoint/expected.ts';
import type { WeightReader } from '../model/checkpoint/read.ts';
import type { Checkpoint } from '../model/checkpoint/types.ts';
import { headMapsOf } from '../plan/spans.ts';
import type { Plan } from '../plan/types.ts';
import { readRepairs } from '../engine/repair/file.ts';

/**
 * Returns the source of each layer, with head maps and repairs: by the plan and the refitted weights that it names, or
 * without a plan as in the model. Mean outputs that the model itself has in place of attention are among the repairs.
 */
export async function plannedLayers(
	plan: Plan | null,
	planFolder: string,
	checkpoint: Checkpoint,
	reader: WeightReader
): Promise<Required<PlannedLayers>> {
	const { config } = checkpoint;
	const repairs = new Map<number, LayerRepair>();
	for (const [layer, source] of (config.shared?.sources ?? []).entries()) {
		const entry = checkpoint.tensors.get(meanOutputName(config, layer));
		if (source !== null || entry === undefined) continue;
		const bias = new Float32Array(config.hidden);
		await reader.readInto(entry, bias, 0);
		repairs.set(layer, { o: null, bias });
	}
	if (plan === null) {
		const own = Array.from({ length: config.layers }, (_, layer) => layer);
		const { sources, headMaps } = config.shared ?? { sources: own, headMaps: own.map(() => null) };
		return { sources, headMaps, repairs };
	}
	for (const [layer, repair] of (await readRepairs(planFolder, plan, config)) ?? []) {
		repairs.set(layer, repair);
	}
	return { sources: plan.sources, headMaps: headMapsOf(plan.spans, config.layers), repairs };
}
