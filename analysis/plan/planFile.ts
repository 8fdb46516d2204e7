import * as v from 'valibot';
import { parseOrNull, parseUntrusted } from '../edge/parse.ts';
import { quoted } from '../edge/quote.ts';
import { InputError } from '../errors.ts';
import { shortHash } from '../text/hash.ts';
import { VERSION } from '../version.ts';
import { isShareAtt } from './exporters/shareatt.ts';
import { planSchema } from './schema.ts';
import { checkSources, checkSpansAgree } from './spans.ts';
import type { Plan } from './types.ts';

/** The version of plan.json this program reads and writes. */
const PLAN_VERSION = 1;

/**
 * A plan read from outside, checked: its form, its number of layers, its sources, that its spans agree
 * with them, and its head maps. `where` names the file in messages. Throws InputError.
 */
export function parsePlan(json: unknown, where: string): Plan {
	const head = parseOrNull(v.object({ format: v.string(), version: v.number() }), json);
	if (head?.format !== 'spanwise/plan') {
		const list = isShareAtt(json) ? '; this is a list for the Shared Attention code' : '';
		throw new InputError(`${where}: not a plan; expected format "spanwise/plan"${list}`);
	}
	if (head.version > PLAN_VERSION)
		throw new InputError(
			`${where}: plan version ${head.version}; this is Spanwise ${VERSION}, which reads version ${PLAN_VERSION}: update Spanwise`
		);
	const plan = parseUntrusted(planSchema, json, where);
	try {
		checkPlan(plan);
	} catch (error) {
		if (error instanceof InputError)
			throw new InputError(`${where}: ${error.message}`, { cause: error });
		throw error;
	}
	return plan;
}

/** Parts of a plan that differ from plan to plan; `makePlan` adds those that all have. */
export type PlanParts = Pick<Plan, 'model' | 'sources' | 'spans' | 'definition' | 'predicted'>;

/** The facts of a model that a plan names, of all that are known of it. */
export function modelOfPlan(facts: Plan['model']): Plan['model'] {
	const { name, architecture, layers, heads, kvHeads, hash } = facts;
	return { name, architecture, layers, heads, kvHeads, hash };
}

/** A checked plan, made now by this version. Nothing was measured yet. Throws InputError as `parsePlan`. */
export function makePlan(parts: PlanParts, createdAt = new Date()): Plan {
	const plan: Plan = {
		format: 'spanwise/plan',
		version: PLAN_VERSION,
		kind: 'attention-weights',
		model: parts.model,
		sources: parts.sources,
		spans: parts.spans,
		definition: parts.definition,
		predicted: parts.predicted,
		measured: null,
		repair: null,
		createdBy: { name: 'spanwise', version: VERSION },
		createdAt: createdAt.toISOString()
	};
	checkPlan(plan);
	return plan;
}

/**
 * Checks that a plan may be shown on a model. Throws InputError where the number of layers differs, and returns a
 * warning where the weights do, or the tokenizers that figures were made with (null: they are the same).
 */
export function planMatches(
	plan: Plan,
	model: { name: string; layers: number; hash: string; tokenizerHash?: string }
): string | null {
	if (plan.model.layers !== model.layers)
		throw new InputError(
			`plan for ${plan.model.name}: ${plan.model.layers} layers; ${model.name} has ${model.layers}`
		);
	const made = plan.definition?.tokenizerHash;
	if (plan.model.hash === model.hash) {
		if (made === undefined || made === (model.tokenizerHash ?? made)) return null;
		return `This plan was made with another tokenizer.json (${shortHash(made)}) than that of ${model.name} now.`;
	}
	return `This plan was made for ${plan.model.name} (${shortHash(plan.model.hash)}); this model, ${model.name} (${shortHash(model.hash)}), has different weights or a different file format.`;
}

function checkPlan(plan: Plan): void {
	checkSources(plan.sources, plan.model.layers);
	checkSpansAgree(plan.sources, plan.spans);
	for (const span of plan.spans) {
		if (span.headMap === 'identity') continue;
		if (span.headMap.length !== span.followers.length)
			throw new InputError(
				`span of ${span.source}: head maps for ${span.headMap.length} followers; expected ${span.followers.length}`
			);
		for (const map of span.headMap)
			if (map.length !== plan.model.heads || map.some((head) => head >= plan.model.heads))
				throw new InputError(
					`span of ${span.source}: head map [${quoted(map.join(', '))}]; expected ${plan.model.heads} heads from 0 to ${plan.model.heads - 1}`
				);
	}
}
