import * as v from 'valibot';
import { labelSchema } from '$analysis/workspace/labels/schema.ts';
import type { LabelConflict } from '$lib/client/api.ts';
import { answering } from '$lib/server/http/answer.ts';
import { MAX_SMALL_BODY_BYTES, readJson } from '$lib/server/http/body.ts';
import type { RequestHandler } from './$types';

const change = v.strictObject({ was: labelSchema, next: labelSchema });

/** Names, tags, pins or writes a note. */
export const PUT: RequestHandler = ({ params, request, locals }) =>
	answering(async () => {
		const { labels, [params.of]: shelf } = locals.workbench;
		await shelf.check(params.id);
		const asked = await readJson(request, change, MAX_SMALL_BODY_BYTES);
		const { label, conflicts } = await labels.change(params.of, params.id, asked);
		if (conflicts.length === 0) return Response.json(label);
		const message = `The ${conflicts.join(' and the ')} was changed elsewhere meanwhile.`;
		const answer: LabelConflict = { message, label };
		return Response.json(answer, { status: 409 });
	});
