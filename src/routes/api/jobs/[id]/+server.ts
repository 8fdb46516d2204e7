import { answering } from '$lib/server/http/answer.ts';
import type { RequestHandler } from './$types';

export const DELETE: RequestHandler = ({ params, locals }) =>
	answering(async () => {
		await locals.workbench.jobs.remove(params.id);
		return new Response(null, { status: 204 });
	});
