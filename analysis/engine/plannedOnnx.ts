import { InputError } from '../errors.ts';
import { checkComparable, checkWholeCache } from '../model/onnx/check.ts';
import { checkWritable } from '../model/onnx/merged.ts';
import type { FoundOnnx } from '../model/onnx/open.ts';
import { shareAttention, type SharedModel } from '../rewrite/share.ts';
import type { PlannedAttention } from '../rewrite/shareCheck.ts';
import { writtenPlanWords } from '../model/onnx/writtenPlan.ts';
import { checkPlanFits } from '../plan/fits.ts';
import { headMapsOf } from '../plan/spans.ts';
import type { Plan } from '../plan/types.ts';

/**
 * Returns the sources and head maps of an ONNX model under a plan; null: of the baseline. Throws InputError for a
 * plan that is another model's or names refitted weights, and for a model that was written with a plan.
 */
export function plannedAttention(model: FoundOnnx, plan: Plan | null): PlannedAttention {
	const { name, layers, config, onnx } = model;
	if (model.plan !== null) throw new InputError(`${onnx.file}: ${writtenPlanWords(model.plan)}`);
	const own = layers.map(({ layer }) => layer);
	if (plan === null) return { sources: own, headMaps: own.map(() => null) };
	refuseRepaired(plan);
	const heads = layers.find((layer) => layer.heads !== null)?.heads ?? config?.heads;
	const shared = null;
	checkPlanFits(plan, { name, layers: layers.length, heads: heads ?? plan.model.heads, shared });
	return { sources: plan.sources, headMaps: headMapsOf(plan.spans, layers.length) };
}

/**
 * The one check of a plan that is to be written into an ONNX model, and what becomes of the model: the command that
 * writes it, that which looks before, and the bench all call it, so that they cannot disagree. `verified`: what is
 * written will be run and compared. Throws InputError where plan or model are at fault.
 */
export function writableAttention(
	model: FoundOnnx,
	plan: Plan | null,
	{ verified }: { verified: boolean }
): { planned: PlannedAttention; shared: SharedModel } {
	const planned = plannedAttention(model, plan);
	checkWritable(model.onnx);
	checkWholeCache(model);
	const shared = shareAttention(model, planned);
	if (verified) checkComparable(model);
	return { planned, shared };
}

/** Throws InputError where a plan names refitted weights, for which an ONNX model has no place. */
export function refuseRepaired({ model, repair }: Plan): void {
	if (repair === null) return;
	throw new InputError(
		`plan for ${model.name}: names refitted weights (${repair.file}), which fit a checkpoint: name that, or a plan without them`
	);
}
