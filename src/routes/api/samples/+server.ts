import { answering } from '$lib/server/http/answer.ts';
import { listSamples } from '$lib/server/texts.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ locals }) =>
	answering(async () => Response.json(await listSamples(locals.workbench.settings.root)));
