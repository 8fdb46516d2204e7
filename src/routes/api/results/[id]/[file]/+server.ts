import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { answering } from '$lib/server/http/answer.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ params, locals }) =>
	answering(async () => {
		const { path, bytes } = await locals.workbench.results.file(params.id, params.file);
		return new Response(Readable.toWeb(createReadStream(path)) as ReadableStream, {
			headers: {
				'content-type': 'application/octet-stream',
				'content-length': `${bytes}`,
				'content-disposition': `attachment; filename="${params.file}"`
			}
		});
	});
