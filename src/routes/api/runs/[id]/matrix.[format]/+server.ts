import { similarityCsv, similarityNpy } from '$analysis/workspace/run/similarityFiles.ts';
import { MATRIX_FORMATS } from '$lib/client/api.ts';
import { answering } from '$lib/server/http/answer.ts';
import { measureOf, oneOf } from '$lib/server/http/query.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ params, url, locals }) =>
	answering(async () => {
		const format = oneOf(MATRIX_FORMATS, params.format, 'matrix format');
		const { metric, view } = measureOf(url);
		const { runs } = locals.workbench;
		const record = await runs.record(params.id);
		const { matrix, layers } = await runs.similarity(params.id, metric, view);
		const body =
			format === 'csv'
				? similarityCsv(record, { metric, view }, matrix)
				: similarityNpy(matrix, layers);
		return new Response(body, {
			headers: {
				'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/octet-stream',
				'content-disposition': `attachment; filename="${record.id}-${metric}-${view}.${format}"`
			}
		});
	});
