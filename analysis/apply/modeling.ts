import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlannedLayers } from '../engine/forward.ts';
import { plannedClass } from '../model/checkpoint/architecture.ts';
import { familyOf } from '../model/checkpoint/families.ts';
import type { Plan } from '../plan/types.ts';
import { projectRoot } from '../projectRoot.ts';

const MODULE = 'modeling_spanwise';
const FILE = `${MODULE}.py`;

/**
 * `model_type` of a checkpoint that a plan is applied to: none that transformers knows, so that it refuses what it would
 * otherwise load with random weights in place of those that followers do not have.
 */
export function sharedModelType(architecture: string): string {
	return `spanwise_${familyOf({ architecture }).modelType}`;
}

/** Returns the config.json fields that a plan adds or replaces; see `written_config` of python/spanwise/planned.py. */
export function plannedConfig(
	{ architecture, tied }: { architecture: string; tied: boolean },
	plan: Plan,
	{ repairs, sources }: Required<PlannedLayers>
): object {
	const model = plannedClass(architecture);
	const means = sources.flatMap((source, layer) =>
		source === null && repairs.get(layer)?.bias ? [layer] : []
	);
	// The refitted weights are part of the checkpoint now.
	const spanwise: Plan = { ...plan, repair: null };
	return {
		architectures: [model],
		model_type: sharedModelType(architecture),
		auto_map: {
			AutoConfig: `${MODULE}.${model.replace(/(ForCausalLM|LMHeadModel)$/, 'Config')}`,
			AutoModelForCausalLM: `${MODULE}.${model}`
		},
		// What is tied is said, since a checkpoint may have a head that its config.json does not speak of.
		tie_word_embeddings: tied,
		spanwise,
		...(means.length > 0 && { spanwise_mean_outputs: means })
	};
}

/** Copies the code of planned models, which transformers runs, into a folder. Returns the name of the file. */
export async function copyModeling(folder: string): Promise<string> {
	await copyFile(join(projectRoot(), 'python', 'spanwise', FILE), join(folder, FILE));
	return FILE;
}
