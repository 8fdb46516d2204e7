import { error } from '@sveltejs/kit';
import { InputError } from '$analysis/errors.ts';
import { NotFoundError } from '$lib/server/errors.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, params }) => {
	try {
		return { run: await locals.workbench.runs.record(params.id) };
	} catch (cause) {
		if (cause instanceof NotFoundError) error(404, cause.message);
		if (cause instanceof InputError) error(400, cause.message);
		throw cause;
	}
};
