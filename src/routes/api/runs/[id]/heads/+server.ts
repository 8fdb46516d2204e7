import type { HeadBlockAnswer } from '$lib/client/api.ts';
import { answering } from '$lib/server/http/answer.ts';
import { indexOf, measureOf } from '$lib/server/http/query.ts';
import { roundedRows } from '$analysis/text/csv.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ params, url, locals }) =>
	answering(async () => {
		const { runs } = locals.workbench;
		const { metric, view } = measureOf(url);
		const { model } = await runs.record(params.id);
		const from = indexOf(url, 'from', model.layers);
		const to = indexOf(url, 'to', model.layers);
		const block = await runs.heads(params.id, metric, view, from, to); // [H, H]
		const answer: HeadBlockAnswer = { from, to, matrix: roundedRows(block, model.heads) };
		return Response.json(answer);
	});
