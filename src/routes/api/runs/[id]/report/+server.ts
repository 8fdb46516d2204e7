import * as v from 'valibot';
import { parsePlan } from '$analysis/plan/planFile.ts';
import { answering } from '$lib/server/http/answer.ts';
import { MAX_SMALL_BODY_BYTES, readJson } from '$lib/server/http/body.ts';
import type { RequestHandler } from './$types';

const schema = v.strictObject({ plan: v.nullable(v.unknown()) });

/** A file to save, with the plan on the screen; it is never shown as a page of this server. */
export const POST: RequestHandler = ({ params, request, locals }) =>
	answering(async () => {
		const { runs, reader } = locals.workbench;
		const { plan } = await readJson(request, schema, MAX_SMALL_BODY_BYTES);
		const place = await runs.place(params.id);
		const parsed = plan === null ? null : parsePlan(plan, 'plan');
		const page = await reader.ask('handover', { ...place, plan: parsed }, request.signal);
		return new Response(page, {
			headers: {
				'content-type': 'application/octet-stream',
				'content-disposition': `attachment; filename="${place.id}.html"`
			}
		});
	});
