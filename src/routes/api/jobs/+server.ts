import type { NewJobsAnswer } from '$lib/api.ts';
import { answering } from '$lib/server/http/answer.ts';
import { readJson } from '$lib/server/http/body.ts';
import { jobsOf, newAnalysisSchema } from '$lib/server/newAnalysis.ts';
import { planOf } from '$lib/server/plan.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = ({ request, locals }) =>
	answering(async () => {
		const analysis = await readJson(request, newAnalysisSchema);
		const planned = await planOf(analysis, locals.workbench);
		const answer: NewJobsAnswer = locals.workbench.jobs.add(jobsOf(planned, analysis.texts));
		return Response.json(answer, { status: 201 });
	});
