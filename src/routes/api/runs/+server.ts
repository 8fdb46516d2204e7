import { answering } from '$lib/server/http/answer.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ locals }) =>
	answering(async () => Response.json(await locals.workbench.runs.list()));
