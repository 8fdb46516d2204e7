import { completionAnswer, completionRequest } from '$analysis/measure/scoring/completion.ts';
import { answering } from '$lib/server/http/answer.ts';
import { readJson } from '$lib/server/http/body.ts';
import type { RequestHandler } from './$types';

/** 4 MB: 256 sequences of 2,048 tokens. */
const MOST_BYTES = 4_000_000;

export const POST: RequestHandler = ({ request, locals }) =>
	answering(async () => {
		const asked = await readJson(request, completionRequest, MOST_BYTES, MOST_BYTES);
		const scored = await locals.workbench.completions.score(asked);
		return Response.json(completionAnswer(asked.model, scored));
	});
