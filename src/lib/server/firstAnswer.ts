import { messageOf } from '$analysis/errors.ts';
import { makePlan, modelOfPlan } from '$analysis/plan/planFile.ts';
import { planSpans } from '$analysis/plan/spans.ts';
import { startingSources } from '$analysis/plan/starting.ts';
import type { Plan } from '$analysis/plan/types.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';
import { definitionOf } from '$analysis/workspace/run/definition.ts';
import type { Job } from '$lib/client/api.ts';
import { measurementJob } from './measurements.ts';
import type { Workbench } from './workbench.ts';

/** Held out: the first run reads another text. Few and short windows, so that it takes seconds. */
const FIRST_ANSWER = { texts: [{ sample: 'walden' }], context: 256, windows: 8 };

type Deps = Pick<Workbench, 'settings' | 'reader' | 'models' | 'runs' | 'results' | 'jobs'>;

/**
 * Waits for a job that makes a run, then queues the evaluation of the run's most similar layers: what sharing them costs.
 * A job that ends otherwise ends the waiting.
 */
export function answerAfter({ id }: Job, deps: Deps): void {
	const { jobs } = deps;
	const unsubscribe = jobs.subscribe(() => {
		const job = jobs.list().find((each) => each.id === id);
		if (job?.state === 'queued' || job?.state === 'running') return;
		unsubscribe();
		if (job?.state !== 'done' || job.run === null) return;
		queueAnswer(job.run, deps).catch((error: unknown) => {
			// The page offers to measure it.
			console.error(`the first plan could not be evaluated: ${messageOf(error)}`);
		});
	});
}

async function queueAnswer(run: string, deps: Deps): Promise<void> {
	const record = await deps.runs.record(run);
	const { matrix } = await deps.runs.similarity(run, 'cosine', 'all');
	const plan = firstPlan(record, matrix);
	const job = await measurementJob({ kind: 'evaluate', run, plan, ...FIRST_ANSWER }, deps);
	deps.jobs.add([job]);
}

/** The plan that the run page begins with: a quarter of the layers follow. */
function firstPlan(run: RunRecord, matrix: Float64Array): Plan {
	const sources = startingSources(matrix, run.model.reach);
	return makePlan({
		model: modelOfPlan(run.model),
		sources,
		spans: planSpans(sources, matrix),
		definition: definitionOf(run, 'cosine', 'all'),
		predicted: null
	});
}
