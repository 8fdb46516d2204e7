import * as v from 'valibot';
import type { AddedFolder } from '$lib/client/api.ts';
import { answering } from '$lib/server/http/answer.ts';
import { MAX_SMALL_BODY_BYTES, readJson } from '$lib/server/http/body.ts';
import type { RequestHandler } from './$types';

const asked = v.strictObject({ folder: v.string() });

/** Adds a folder that models are looked for in. */
export const POST: RequestHandler = ({ request, locals }) =>
	answering(async () => {
		const { folder } = await readJson(request, asked, MAX_SMALL_BODY_BYTES);
		const models = await locals.workbench.models.add(folder);
		const answer: AddedFolder = { models: models.map(({ id }) => id) };
		return Response.json(answer, { status: 201 });
	});

/** Forgets a folder that was added; its files stay. */
export const DELETE: RequestHandler = ({ request, locals }) =>
	answering(async () => {
		const { folder } = await readJson(request, asked, MAX_SMALL_BODY_BYTES);
		locals.workbench.models.folders.remove(folder);
		return new Response(null, { status: 204 });
	});
