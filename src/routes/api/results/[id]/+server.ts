import { answering } from '$lib/server/http/answer.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ params, locals }) =>
	answering(async () => Response.json(await locals.workbench.results.result(params.id)));

export const DELETE: RequestHandler = ({ params, locals }) =>
	answering(async () => {
		await locals.workbench.results.remove(params.id);
		return new Response(null, { status: 204 });
	});
