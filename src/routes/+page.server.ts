import { leadRun } from '$lib/pages/home/lead.ts';
import { listSamples } from '$lib/server/texts.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, depends }) => {
	depends('spanwise:home');
	const { models, runs, results, jobs, settings } = locals.workbench;
	const [found, answer, samples] = await Promise.all([
		models.known(),
		runs.list(),
		listSamples(settings.root)
	]);
	const run = leadRun(answer.runs, found.models);
	const lead = run && { run, results: await results.list(run.model.hash) };
	const { started, added } = models.folders;
	return { ...found, folders: { started, added }, answer, lead, samples, jobs: jobs.list() };
};
