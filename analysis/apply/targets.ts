import { checkPlan, refusalOf, type CheckFolders, type PlanCheck } from '../engine/checkPlan.ts';
import type { PlannedLayers } from '../engine/forward.ts';
import { InputError } from '../errors.ts';
import { requireDecoder, requireOwnEngine } from '../model/checkpoint/writable.ts';
import type { CheckpointModel, Model } from '../model/open.ts';
import { headMapsOf } from '../plan/spans.ts';
import type { Plan } from '../plan/types.ts';
import { tokenizerMetadata } from './gguf/tokenizer.ts';
import { requireGguf } from './gguf/write.ts';
import { DEPLOY_TARGETS, type DeployTarget } from './types.ts';

/** A form, and the reason that a model with a plan cannot be written in it; null: it can. */
export interface TargetProblem {
	target: DeployTarget;
	problem: string | null;
}

/** Check of a plan against a model, layer by layer, with the forms in which `apply` can write the model with it. */
export interface PlanReport extends PlanCheck {
	/** Every form; none where the plan does not fit the model. */
	targets: TargetProblem[];
	/** Reason that `apply` writes it in no form; null: in some, or the plan does not fit the model. */
	unwritten: string | null;
}

/** Throws InputError, which says what is in the way, where a model as planned cannot be written in a form. */
export async function requireTarget(
	model: Model,
	target: DeployTarget,
	planned: Required<PlannedLayers>
): Promise<void> {
	if (model.form === 'onnx') {
		requireOnnx(model.path, target);
		return;
	}
	requireOwnEngine(model.name, model.checkpoint.config);
	if (target === 'gguf') {
		requireGguf(model, planned);
		// A GGUF file has its tokenizer in a form that GGUF can hold.
		if (model.form === 'checkpoint') await tokenizerMetadata(model.checkpoint);
	} else {
		requireFiles(model, target);
		if (target === 'onnx') requireDecoder(model.name, model.checkpoint.config);
	}
}

/** Throws InputError where an ONNX model is to be written as something else. */
export function requireOnnx(file: string, target: DeployTarget): void {
	if (target === 'onnx') return;
	throw new InputError(`${target}: ${file} is an ONNX model, which is written as one: --to onnx`);
}

/** Throws InputError for a GGUF file, which lacks the config.json and tokenizer.json that other runtimes need. */
function requireFiles({ form, path }: CheckpointModel, target: DeployTarget): void {
	if (form !== 'gguf') return;
	throw new InputError(
		`${target}: ${path} is a GGUF file, without the config.json and tokenizer.json that belong into the folder; name the checkpoint that it was made from, or write --to gguf`
	);
}

/**
 * Says all that is known of a plan and a model before anything is run or written, by the checks that running and writing
 * make: what the command, the pages and the API show. Refitted weights count as there where they were not looked for.
 */
export async function reportPlan(
	model: Model,
	plan: Plan,
	folders: CheckFolders
): Promise<PlanReport> {
	const check = await checkPlan(model, plan, folders);
	const targets = check.problem === null ? await targetProblems(model, plan) : [];
	const nowhere = targets.length > 0 && targets.every(({ problem }) => problem !== null);
	const why = targets.map(({ target, problem }) => `${target}: ${problem ?? ''}`).join('; ');
	return { ...check, targets, unwritten: nowhere ? why : null };
}

async function targetProblems(model: Model, plan: Plan): Promise<TargetProblem[]> {
	const headMaps = headMapsOf(plan.spans, plan.sources.length);
	const planned: Required<PlannedLayers> = { sources: plan.sources, headMaps, repairs: new Map() };
	const problems: TargetProblem[] = [];
	for (const target of DEPLOY_TARGETS) {
		problems.push({
			target,
			problem: await refusalOf(() => requireTarget(model, target, planned))
		});
	}
	return problems;
}
