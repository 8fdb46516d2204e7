import { error, redirect } from '@sveltejs/kit';
import { quoted } from '$analysis/edge/quote.ts';
import { tabAddress } from '$lib/tabs/tabAddress.ts';
import type { PageServerLoad } from './$types';

/** Leads to the newest run of a stored measurement's model, where the measurement is open. */
export const load: PageServerLoad = async ({ locals, params }) => {
	const { results, runs } = locals.workbench;
	const found = (await results.list(null)).find(({ id }) => id === params.id);
	if (found === undefined)
		error(404, `result ${quoted(params.id)}: not known; it may have been deleted`);
	const { kind, model } = found;
	// Newest first.
	const newest = (await runs.list()).runs.find((run) => run.model.hash === model.hash);
	if (newest === undefined) {
		error(
			404,
			`${found.id}: no run of ${model.name} to show it on; analyse ${model.name}, then open this page again`
		);
	}
	redirect(303, tabAddress(newest.id, kind, params.id));
};
