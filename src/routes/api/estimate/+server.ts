import { answering } from '$lib/server/http/answer.ts';
import { readJson } from '$lib/server/http/body.ts';
import { newAnalysisSchema } from '$lib/server/newAnalysisSchema.ts';
import { modelEstimate, prepareAnalysis } from '$lib/server/prepare.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = ({ request, locals }) =>
	answering(async () => {
		const analysis = await readJson(request, newAnalysisSchema);
		const prepared = await prepareAnalysis(analysis, locals.workbench);
		return Response.json(prepared.map(modelEstimate));
	});
