import { error } from '@sveltejs/kit';
import { dynamicsIds, readDynamics } from '$analysis/compare/storedDynamics.ts';
import { isInputError } from '$analysis/errors.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, params }) => {
	const { runs, settings } = locals.workbench;
	if (!(await dynamicsIds(settings.home)).includes(params.id))
		error(404, `${params.id}: no training of that name in this workspace`);
	try {
		const [stored, { runs: known }] = await Promise.all([
			readDynamics(settings.home, params.id),
			runs.list()
		]);
		return { stored, runs: known.map(({ id }) => id) };
	} catch (problem) {
		if (!isInputError(problem)) throw problem;
		error(422, problem.message);
	}
};
