import { answering } from '$lib/server/http/answer.ts';
import { readJson } from '$lib/server/http/body.ts';
import { modelEstimate, newAnalysisSchema } from '$lib/server/newAnalysis.ts';
import { planOf } from '$lib/server/plan.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = ({ request, locals }) =>
	answering(async () => {
		const analysis = await readJson(request, newAnalysisSchema);
		const planned = await planOf(analysis, locals.workbench);
		return Response.json(planned.map(modelEstimate));
	});
