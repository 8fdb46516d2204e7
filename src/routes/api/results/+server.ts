import type { ResultsAnswer } from '$lib/client/api.ts';
import { answering } from '$lib/server/http/answer.ts';
import type { RequestHandler } from './$types';

/** GET ?model= a hash; results of all models where it is left out. */
export const GET: RequestHandler = ({ url, locals }) =>
	answering(async () => {
		const answer: ResultsAnswer = await locals.workbench.results.list(
			url.searchParams.get('model')
		);
		return Response.json(answer);
	});
