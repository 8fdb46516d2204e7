import { readResults } from '$analysis/measure/lossFile.ts';
import { damageSoFar, type DamageSoFar } from '$analysis/measure/damage/soFar.ts';
import { NotFoundError } from './errors.ts';
import type { Workbench } from './workbench.ts';

/** Reads the damage that a job has measured so far from the file it names. Throws NotFoundError if none such runs. */
export async function damageOfJob(
	id: string,
	{ jobs, runs }: Pick<Workbench, 'jobs' | 'runs'>
): Promise<DamageSoFar> {
	const { record, progressFile } = jobs.running(id);
	const { job, request } = record;
	if (request.kind !== 'damage' || job.run === null || job.estimate === null) {
		throw new NotFoundError(`job ${id}: measures no damage`);
	}
	const { model } = await runs.record(job.run);
	// Fewer windows than were asked for, where the texts are short.
	const { windows } = job.estimate;
	const results = progressFile === null ? [] : await readResults(progressFile);
	return damageSoFar({ slidingWindows: model.reach, windows, maxSpan: request.maxSpan }, results);
}
