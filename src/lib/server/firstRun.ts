import { messageOf } from '$analysis/errors.ts';
import type { NewAnalysis } from '$lib/client/api.ts';
import { answerAfter } from './firstAnswer.ts';
import { jobsOf } from './newJobs.ts';
import { prepareAnalysis } from './prepare.ts';
import type { Workbench } from './workbench.ts';

/** Short enough to be drawn within seconds; four windows, so that the null and the intervals exist too. */
const FIRST_RUN = { texts: [{ sample: 'time-machine' }], context: 256, windows: 4 };

/**
 * In an empty workspace, analyses the bundled models at once and evaluates a plan for the first, so that a newcomer's first
 * page answers a question.
 */
export async function queueFirstRun(
	workbench: Pick<Workbench, 'settings' | 'reader' | 'models' | 'runs' | 'results' | 'jobs'>
): Promise<void> {
	const { settings, reader, models, runs, jobs } = workbench;
	const { runs: known, unusable } = await runs.list();
	if (known.length > 0 || unusable.length > 0 || jobs.list().length > 0) return;
	try {
		const bundled = (await models.list()).filter(
			({ origin, problem }) => origin === 'bundled' && problem === null
		);
		if (bundled.length === 0) return;
		const analysis: NewAnalysis = { models: bundled.map(({ id }) => id), ...FIRST_RUN };
		const prepared = await prepareAnalysis(analysis, { settings, reader, models });
		const [first] = jobs.add(jobsOf(prepared, analysis.texts, models.folders.all));
		answerAfter(first, workbench);
	} catch (error) {
		// A workspace that cannot be written is told again when the user does something; the page must still open.
		console.error(`the bundled models could not be queued: ${messageOf(error)}`);
	}
}
