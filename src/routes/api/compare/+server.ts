import { compareRuns } from '$analysis/compare/compareRuns.ts';
import type { Comparison } from '$analysis/compare/types.ts';
import { answering } from '$lib/server/http/answer.ts';
import { measureOf, runsOf } from '$lib/server/http/query.ts';
import type { RequestHandler } from './$types';

/** GET ?runs=a,b&metric=&view= */
export const GET: RequestHandler = ({ url, locals }) =>
	answering(async () => {
		const { metric, view } = measureOf(url);
		const { runs } = locals.workbench;
		const inputs = await Promise.all(runsOf(url).map((id) => runs.sums(id, view)));
		const answer: Comparison = compareRuns(inputs, { metric, view });
		return Response.json(answer);
	});
