import { answering } from '$lib/server/http/answer.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = ({ params, locals }) =>
	answering(() => Response.json(locals.workbench.jobs.retry(params.id)));
