import type { PlannedLayers } from '../engine/forward.ts';
import { isInputError } from '../errors.ts';
import { requireWritable } from '../model/checkpoint/writable.ts';
import type { CheckpointModel } from '../model/open.ts';
import { headMapsOf } from '../plan/spans.ts';
import type { Plan } from '../plan/types.ts';
import { requireGguf } from './gguf/write.ts';
import { DEPLOY_TARGETS, type DeployTarget } from './types.ts';

/** Why a model with a plan cannot be written in a form; null: it can. */
export interface TargetProblem {
	target: DeployTarget;
	problem: string | null;
}

/** Throws InputError, which says what is in the way, where a checkpoint as planned cannot be written in a form. */
export function requireTarget(
	model: CheckpointModel,
	target: DeployTarget,
	planned: Required<PlannedLayers>
): void {
	if (target === 'gguf') requireGguf(model, planned);
	else requireWritable(model.name, model.checkpoint.config, target);
}

/** Says of each form that `apply` writes a checkpoint in whether this one can be, by the checks that `apply` makes. */
export function targetProblems(model: CheckpointModel, plan: Plan): TargetProblem[] {
	const { config } = model.checkpoint;
	const headMaps = headMapsOf(plan.spans, config.layers);
	const planned: Required<PlannedLayers> = { sources: plan.sources, headMaps, repairs: new Map() };
	return DEPLOY_TARGETS.map((target) => {
		try {
			requireTarget(model, target, planned);
			return { target, problem: null };
		} catch (error) {
			if (isInputError(error)) return { target, problem: error.message };
			throw error;
		}
	});
}
