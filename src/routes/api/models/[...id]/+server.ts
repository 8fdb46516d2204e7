import * as v from 'valibot';
import { checkPlan } from '$analysis/deploy/planCheck.ts';
import { modelReport } from '$analysis/models/report.ts';
import { parsePlan } from '$analysis/plan/planFile.ts';
import type { ModelReport, PlanCheck } from '$lib/api.ts';
import { answering } from '$lib/server/http/answer.ts';
import { readJson } from '$lib/server/http/body.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ params, locals }) =>
	answering(async () => {
		const answer: ModelReport = await modelReport(await locals.workbench.models.named(params.id));
		return Response.json(answer);
	});

const checkSchema = v.strictObject({ plan: v.unknown() });

/** Checks a plan against the model; nothing is made. */
export const POST: RequestHandler = ({ params, request, locals }) =>
	answering(async () => {
		const { models, settings } = locals.workbench;
		const { folder } = await models.named(params.id);
		const { plan } = await readJson(request, checkSchema);
		const folders = { home: settings.home, planFolder: null };
		const answer: PlanCheck = await checkPlan(folder, parsePlan(plan, 'plan'), folders);
		return Response.json(answer);
	});
