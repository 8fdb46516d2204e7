import { error } from '@sveltejs/kit';
import { InputError } from '$analysis/errors.ts';
import { overviewTable, OVERVIEWS } from '$analysis/measure/overview/table.ts';
import { BusyError } from '$lib/server/errors.ts';
import type { PageServerLoad } from './$types';

/** ?of=measurements|plans|spans; the page itself looks at what is searched for. */
export const load: PageServerLoad = async ({ locals, url, depends }) => {
	depends('spanwise:labels');
	const of = OVERVIEWS.find((name) => name === url.searchParams.get('of')) ?? OVERVIEWS[0];
	const { reader, settings } = locals.workbench;
	try {
		return { table: overviewTable(await reader.ask('rows', { home: settings.home }), of) };
	} catch (cause) {
		if (cause instanceof InputError || cause instanceof BusyError) error(503, cause.message);
		throw cause;
	}
};
