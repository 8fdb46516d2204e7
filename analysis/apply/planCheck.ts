import { isInputError } from '../errors.ts';
import { plannedAttention, writableAttention } from '../engine/plannedOnnx.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { rememberedFilesHash, rememberedHash } from '../model/checkpoint/remembered.ts';
import { onnxFiles } from '../model/onnx/hash.ts';
import { findOnnxFile } from '../model/onnx/locate.ts';
import { findOnnx } from '../model/onnx/open.ts';
import { sharingProblems } from '../rewrite/shareCheck.ts';
import { checkPlanFits } from '../plan/fits.ts';
import { planMatches } from '../plan/planFile.ts';
import type { Plan, Sources } from '../plan/types.ts';
import { findRepairs } from '../repair/file.ts';

/** Whether a plan can be applied to a model, layer by layer. */
export interface PlanCheck {
	layers: PlannedLayer[];
	/** Why the plan cannot be applied, first of all; null: it can. */
	problem: string | null;
	/** It was made for other weights; null: for these, or their hash is not known yet. */
	warning: string | null;
	/** The file of the plan's refitted weights where it was not looked for; null: it was, or there is none. */
	unseen: string | null;
}

export interface PlannedLayer {
	layer: number;
	/** Itself; the layer whose attention it reuses; null: it is left out. */
	source: number | null;
	/** Why it cannot do so; null: it can, as far as it alone is concerned. */
	problem: string | null;
}

/** Folders that a check looks into. */
interface CheckFolders {
	/** The workspace, where hashes are remembered. */
	home: string;
	/** Where the plan lies, and its refitted weights with it; null: that is not known. */
	planFolder: string | null;
}

/**
 * Checks a plan against a checkpoint folder or an ONNX model without running or writing anything. Throws InputError
 * where the model cannot be read.
 */
export async function checkPlan(
	model: string,
	plan: Plan,
	{ home, planFolder }: CheckFolders
): Promise<PlanCheck> {
	const file = await findOnnxFile(model);
	return file === null
		? checkOnCheckpoint(model, plan, { home, planFolder })
		: checkOnOnnx(file, plan, home);
}

async function checkOnCheckpoint(
	folder: string,
	plan: Plan,
	{ home, planFolder }: CheckFolders
): Promise<PlanCheck> {
	const checkpoint = await openCheckpoint(folder);
	const { name, config } = checkpoint;
	const problem = await refusalOf(async () => {
		checkPlanFits(plan, { ...config, name });
		if (planFolder !== null) await findRepairs(planFolder, plan, config);
	});
	const unseen = planFolder === null ? (plan.repair?.file ?? null) : null;
	const hash = await rememberedHash(home, checkpoint);
	const warning = warningOf(plan, { name, layers: config.layers, hash }, problem);
	return { layers: plannedLayers(plan.sources), problem, warning, unseen };
}

async function checkOnOnnx(file: string, plan: Plan, home: string): Promise<PlanCheck> {
	const model = await findOnnx(file, { weights: false });
	const { name, onnx } = model;
	let problems: (string | null)[] = [];
	const problem = await refusalOf(() => {
		problems = sharingProblems(model, plannedAttention(model, plan));
		// The graph as a whole can be in the way too.
		writableAttention(model, plan, { verified: true });
	});
	const hash = await rememberedFilesHash(home, onnxFiles(onnx));
	const warning = warningOf(plan, { name, layers: model.layers.length, hash }, problem);
	// Refitted weights are a problem of their own here.
	return { layers: plannedLayers(plan.sources, problems), problem, warning, unseen: null };
}

function plannedLayers(
	sources: Sources,
	problems: readonly (string | null)[] = []
): PlannedLayer[] {
	return sources.map((source, layer) => ({ layer, source, problem: problems[layer] ?? null }));
}

function warningOf(
	plan: Plan,
	{ hash, ...model }: { name: string; layers: number; hash: string | null },
	problem: string | null
): string | null {
	return hash === null || problem !== null ? null : planMatches(plan, { ...model, hash });
}

/** What is at fault; null: nothing is. */
async function refusalOf(check: () => void | Promise<void>): Promise<string | null> {
	try {
		await check();
		return null;
	} catch (error) {
		if (isInputError(error)) return error.message;
		throw error;
	}
}
