import { MAX_RUNS } from '$analysis/compare/types.ts';
import { InputError } from '$analysis/errors.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';
import { readCompareUrl, type CompareUrl } from '$lib/pages/compare/url.ts';
import type { Compared } from '$lib/pages/compare/state.svelte.ts';
import { NotFoundError } from '$lib/server/errors.ts';
import type { PageServerLoad } from './$types';

type Runs = App.Locals['workbench']['runs'];

export const load: PageServerLoad = async ({ locals, url }) => {
	const { runs } = locals.workbench;
	// Only what is read here makes the page load anew; the rest of the address is the page's own.
	const wanted = readCompareUrl(
		new URLSearchParams(['runs', 'm', 'v'].map((name) => [name, url.searchParams.get(name) ?? '']))
	);
	const { runs: known } = await runs.list();
	return { known, ...(await compare(wanted, known, runs)) };
};

/** The comparison, or what is in its way. */
async function compare(
	{ runs: ids, metric, view }: CompareUrl,
	known: readonly RunRecord[],
	runs: Runs
): Promise<{ compared: Compared | null; problem: string | null }> {
	if (ids.length < 2 || ids.length > MAX_RUNS) {
		const problem = ids.length > MAX_RUNS ? `${ids.length} runs; at most ${MAX_RUNS}` : null;
		return { compared: null, problem };
	}
	try {
		return { compared: await runs.comparison(ids, metric, view), problem: null };
	} catch (error) {
		if (error instanceof InputError || error instanceof NotFoundError)
			return { compared: null, problem: error.message };
		throw error;
	}
}
