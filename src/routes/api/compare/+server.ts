import { answering } from '$lib/server/http/answer.ts';
import { measureOf, runsOf } from '$lib/server/http/query.ts';
import type { RequestHandler } from './$types';

/** GET ?runs=a,b&metric=&view= */
export const GET: RequestHandler = ({ url, locals }) =>
	answering(async () => {
		const { metric, view } = measureOf(url);
		const { runs } = locals.workbench;
		const { comparison } = await runs.comparison(runsOf(url), metric, view);
		return Response.json(comparison);
	});
