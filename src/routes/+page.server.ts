import { listSamples } from '$lib/server/texts.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, depends }) => {
	depends('spanwise:home');
	const { models, runs, jobs, settings } = locals.workbench;
	const [found, answer, samples] = await Promise.all([
		models.known(),
		runs.list(),
		listSamples(settings.root)
	]);
	return { ...found, answer, samples, jobs: jobs.list() };
};
