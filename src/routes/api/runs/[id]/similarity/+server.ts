import { answering } from '$lib/server/http/answer.ts';
import { measureOf } from '$lib/server/http/query.ts';
import { similarityAnswer } from '$lib/server/matrices.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ params, url, locals }) =>
	answering(async () => {
		const { metric, view } = measureOf(url);
		const similarity = await locals.workbench.runs.similarity(params.id, metric, view);
		return Response.json(similarityAnswer(similarity));
	});
