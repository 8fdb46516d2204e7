import * as v from 'valibot';
import { parsePlan } from '$analysis/plan/planFile.ts';
import type { ModelReport, PlanReport } from '$lib/client/api.ts';
import { answering } from '$lib/server/http/answer.ts';
import { MAX_SMALL_BODY_BYTES, readJson } from '$lib/server/http/body.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ params, locals }) =>
	answering(async () => {
		const { models, reader } = locals.workbench;
		const answer: ModelReport = await reader.ask('report', await models.named(params.id));
		return Response.json(answer);
	});

const checkSchema = v.strictObject({ plan: v.unknown() });

/** Checks a plan against the model; nothing is made. */
export const POST: RequestHandler = ({ params, request, locals }) =>
	answering(async () => {
		const { models, reader, settings } = locals.workbench;
		const { folder } = await models.named(params.id);
		const asked = await readJson(request, checkSchema, MAX_SMALL_BODY_BYTES);
		const answer: PlanReport = await reader.ask(
			'plan',
			{ model: folder, plan: parsePlan(asked.plan, 'plan'), home: settings.home },
			request.signal
		);
		return Response.json(answer);
	});
