import { isInputError } from '$analysis/errors.ts';
import { overviewTable, OVERVIEWS } from '$analysis/measure/overview/table.ts';
import type { PageServerLoad } from './$types';

/** ?of=measurements|plans|spans and any number of ?where= conditions, as `spanwise results` takes them. */
export const load: PageServerLoad = async ({ locals, url }) => {
	const of = OVERVIEWS.find((name) => name === url.searchParams.get('of')) ?? OVERVIEWS[0];
	const where = url.searchParams.getAll('where').filter((condition) => condition.trim() !== '');
	const { reader, settings } = locals.workbench;
	const rows = await reader.ask('rows', { home: settings.home });
	try {
		return { of, where, table: overviewTable(rows, of, where), problem: null };
	} catch (error) {
		if (!isInputError(error)) throw error;
		return { of, where, table: overviewTable(rows, of), problem: error.message };
	}
};
