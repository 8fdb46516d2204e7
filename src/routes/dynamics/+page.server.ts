import {
	dynamicsIds,
	readDynamics,
	type StoredDynamics
} from '$analysis/compare/storedDynamics.ts';
import { messageOf } from '$analysis/errors.ts';
import type { PageServerLoad } from './$types';

/** The trainings of the workspace, the newest first, and why some cannot be read. */
export const load: PageServerLoad = async ({ locals }) => {
	const { home } = locals.workbench.settings;
	const trainings: StoredDynamics[] = [];
	const problems: string[] = [];
	for (const id of await dynamicsIds(home)) {
		try {
			trainings.push(await readDynamics(home, id));
		} catch (error) {
			problems.push(messageOf(error));
		}
	}
	trainings.sort((a, b) => b.createdAt.localeCompare(a.createdAt));
	return { trainings, problems };
};
