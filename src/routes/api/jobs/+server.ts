import type { NewJobsAnswer } from '$lib/client/api.ts';
import { answering } from '$lib/server/http/answer.ts';
import { readJson } from '$lib/server/http/body.ts';
import { keepTexts } from '$lib/server/keptTexts.ts';
import { newAnalysisSchema } from '$lib/server/newAnalysisSchema.ts';
import { jobsOf } from '$lib/server/newJobs.ts';
import { prepareAnalysis } from '$lib/server/prepare.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = ({ request, locals }) =>
	answering(async () => {
		const analysis = await readJson(request, newAnalysisSchema);
		const { settings, jobs, models } = locals.workbench;
		const prepared = await prepareAnalysis(analysis, locals.workbench, request.signal);
		const newJobs = jobsOf(prepared, analysis.texts, models.folders.all);
		await keepTexts(analysis.texts, settings.home);
		const answer: NewJobsAnswer = jobs.add(newJobs);
		return Response.json(answer, { status: 201 });
	});
