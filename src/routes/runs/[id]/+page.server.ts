import { error } from '@sveltejs/kit';
import { InputError } from '$analysis/errors.ts';
import { NotFoundError } from '$lib/server/errors.ts';
import { listSamples } from '$lib/server/texts.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, params }) => {
	try {
		const { runs, results, settings } = locals.workbench;
		const [run, samples] = await Promise.all([runs.record(params.id), listSamples(settings.root)]);
		// Most pages ask for this map once their scripts run, and say what is wrong with it: it is worked out meanwhile.
		runs.similarity(run.id, 'cosine', 'all').catch(() => undefined);
		// Where the results cannot be listed, the page asks again and says why.
		const measured = await results.list(run.model.hash).catch(() => null);
		return { run, samples, results: measured };
	} catch (cause) {
		if (cause instanceof NotFoundError) error(404, cause.message);
		if (cause instanceof InputError) error(400, cause.message);
		throw cause;
	}
};
