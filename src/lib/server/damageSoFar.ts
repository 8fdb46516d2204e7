import { join } from 'node:path';
import { progressFileIn, progressHeader, readResults } from '$analysis/measure/lossFile.ts';
import { damageSoFar, type DamageSoFar } from '$analysis/measure/damage/soFar.ts';
import { TOKENIZER } from '$analysis/model/checkpoint/tokenizer.ts';
import { tokenizerHash } from '$analysis/model/tokens/hash.ts';
import { documentFacts } from '$analysis/model/tokens/documents.ts';
import { NotFoundError } from './errors.ts';
import type { Workbench } from './workbench.ts';

/** Reads the damage that a job has measured so far from the file it writes. Throws NotFoundError if none such runs. */
export async function damageOfJob(
	id: string,
	{ jobs, runs, settings }: Pick<Workbench, 'jobs' | 'runs' | 'settings'>
): Promise<DamageSoFar> {
	const { record, documents } = await jobs.running(id);
	const { job, request } = record;
	if (request.kind !== 'damage' || job.run === null || job.estimate === null) {
		throw new NotFoundError(`job ${id}: measures no damage`);
	}
	const { model } = await runs.record(job.run);
	// Fewer and shorter windows than were asked for, where the texts are short.
	const { context, windows } = job.estimate;
	const { modelHash, modelFolder, maxSpan } = request;
	const header = progressHeader({
		model: modelHash,
		tokenizer: await tokenizerHash(join(modelFolder, TOKENIZER)),
		texts: documents.map((document) => documentFacts(document).sha256),
		context,
		windows,
		maxSpan
	});
	const results = await readResults(progressFileIn(settings.home, model.name, header));
	return damageSoFar({ reach: model.reach, windows, maxSpan }, results);
}
