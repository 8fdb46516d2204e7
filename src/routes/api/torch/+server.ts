import { answering } from '$lib/server/http/answer.ts';
import type { TorchAnswer } from '$lib/client/api.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ locals }) =>
	answering(async () => {
		const answer: TorchAnswer = await locals.workbench.torch.withDevice();
		return Response.json(answer);
	});
