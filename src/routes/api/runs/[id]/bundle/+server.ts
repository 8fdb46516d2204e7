import { readFile } from 'node:fs/promises';
import { answering } from '$lib/server/http/answer.ts';
import { withTemporaryFile } from '$lib/server/temporary.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ params, request, locals }) =>
	answering(async () => {
		const { runs, reader } = locals.workbench;
		const place = await runs.place(params.id);
		const bytes = await withTemporaryFile(async (file) => {
			await reader.ask('bundle', { ...place, file }, request.signal);
			return readFile(file);
		});
		return new Response(bytes, {
			headers: {
				'content-type': 'application/zip',
				'content-disposition': `attachment; filename="${place.id}.zip"`
			}
		});
	});
