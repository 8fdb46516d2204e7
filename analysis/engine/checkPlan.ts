import { isInputError } from '../errors.ts';
import type { Model } from '../model/open.ts';
import { checkPlanFits } from '../plan/fits.ts';
import { planMatches } from '../plan/planFile.ts';
import { headMapsOf } from '../plan/spans.ts';
import type { Plan } from '../plan/types.ts';
import { checkCutsFit } from '../rewrite/cutBytes.ts';
import { shareAttention } from '../rewrite/share.ts';
import { sharingProblems, type PlannedAttention } from '../rewrite/shareCheck.ts';
import { plannedAttention, writableAttention } from './plannedOnnx.ts';
import { findRepairs } from './repair/file.ts';

/** Result of checking a plan against a model, layer by layer. */
export interface PlanCheck {
	layers: PlannedLayer[];
	/** Reason that the plan cannot be applied, the first of all; null: it can. */
	problem: string | null;
	/** It was made for other weights; null: for these, or their hash is not known yet. */
	warning: string | null;
	/** The file of the plan's refitted weights where it was not looked for; null: it was, or there is none. */
	unseen: string | null;
}

export interface PlannedLayer {
	layer: number;
	/** Itself; the layer whose attention it reuses; null: its attention is dropped. */
	source: number | null;
	/** Reason that it cannot do so; null: it can, as far as it alone is concerned. */
	problem: string | null;
}

/** Folders that a check looks into. */
export interface CheckFolders {
	/** The workspace, where hashes are remembered. */
	home: string;
	/** Folder of the plan and its refitted weights; null: not known. */
	planFolder: string | null;
}

/** Use of a plan: to run the model with it, or to write the model with it and, unless told otherwise, compare. */
export type PlanUse = 'run' | 'write' | 'write and compare';

/**
 * The one check of a plan against a model: whoever looks, runs or writes calls it. Nothing is run. Throws InputError
 * where either is at fault.
 */
export function requirePlan(model: Model, plan: Plan, use: PlanUse): PlannedAttention {
	if (model.form !== 'onnx') {
		const { name, checkpoint } = model;
		checkPlanFits(plan, { ...checkpoint.config, name });
		return { sources: plan.sources, headMaps: headMapsOf(plan.spans, checkpoint.config.layers) };
	}
	const { found, path } = model;
	if (use !== 'run') {
		return writableAttention(found, plan, { verified: use === 'write and compare' }).planned;
	}
	const planned = plannedAttention(found, plan);
	checkCutsFit(shareAttention(found, planned).cuts, path);
	return planned;
}

/** Says of each layer whether it can do what a plan has it do, without running or writing anything. */
export async function checkPlan(
	model: Model,
	plan: Plan,
	{ home, planFolder }: CheckFolders
): Promise<PlanCheck> {
	let problems: (string | null)[] = [];
	const problem = await refusalOf(async () => {
		if (model.form === 'onnx') {
			problems = sharingProblems(model.found, plannedAttention(model.found, plan));
		}
		// The graph as a whole can be in the way too.
		requirePlan(model, plan, 'write and compare');
		if (model.form !== 'onnx' && planFolder !== null) {
			await findRepairs(planFolder, plan, model.checkpoint.config);
		}
	});
	// An ONNX model has no place for refitted weights, which is a problem of its own.
	const lookedFor = planFolder !== null || model.form === 'onnx';
	return {
		layers: plan.sources.map((source, layer) => ({
			layer,
			source,
			problem: problems[layer] ?? null
		})),
		problem,
		warning: problem === null ? await warningOf(model, plan, home) : null,
		unseen: lookedFor ? null : (plan.repair?.file ?? null)
	};
}

/** That a plan was made for other weights; null: for these, or their hash is not known yet. */
async function warningOf(model: Model, plan: Plan, home: string): Promise<string | null> {
	const hash = await model.knownHash(home);
	if (hash === null) return null;
	return planMatches(plan, { name: model.name, layers: plan.sources.length, hash });
}

/** Returns the message of the InputError that a check throws; null: it throws none. Other errors are thrown on. */
export async function refusalOf(check: () => Promise<void>): Promise<string | null> {
	try {
		await check();
		return null;
	} catch (error) {
		if (isInputError(error)) return error.message;
		throw error;
	}
}
