import type { ModelsAnswer } from '$lib/client/api.ts';
import { answering } from '$lib/server/http/answer.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ locals }) =>
	answering(async () => {
		const answer: ModelsAnswer = await locals.workbench.models.list();
		return Response.json(answer);
	});
