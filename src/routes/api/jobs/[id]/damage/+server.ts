import { damageOfJob } from '$lib/server/damageSoFar.ts';
import { answering } from '$lib/server/http/answer.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ params, locals }) =>
	answering(async () => Response.json(await damageOfJob(params.id, locals.workbench)));
