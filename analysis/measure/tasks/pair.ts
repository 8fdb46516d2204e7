import { InputError } from '../../errors.ts';
import { mcnemarExact } from '../../statistics/mcnemar.ts';
import { mean, meanInterval } from '../../statistics/figures.ts';
import { drawWindows } from '../../statistics/resample.ts';
import type { PairedTask, Sample, TaskSamples, Tasks } from './types.ts';

/**
 * Pairs the questions of two runs by their hashes, task by task. Each metric's difference has a 95% interval, by bootstrap
 * over blocks of neighbouring questions, and McNemar's exact test where it is a yes or no. Throws InputError where nothing
 * can be paired.
 */
export function pairTasks(
	a: readonly TaskSamples[],
	b: readonly TaskSamples[]
): Pick<Tasks, 'rows' | 'over' | 'unpaired' | 'notes'> {
	const rows: PairedTask[] = [];
	const notes: string[] = [];
	const unpaired = { a: 0, b: 0 };
	let over: Tasks['over'] = null;
	for (const { task, samples } of a) {
		const other = a.length === 1 && b.length === 1 ? b[0] : b.find((each) => each.task === task);
		if (other === undefined) {
			notes.push(`${task}: only the first run has it`);
			continue;
		}
		const byKey = new Map(other.samples.map((sample) => [sample.key, sample]));
		const pairs = samples.flatMap((sample) => {
			const found = byKey.get(sample.key);
			return found === undefined ? [] : [{ a: sample, b: found }];
		});
		if (pairs.length === 0) throw nothingInCommon(task, samples, other.samples);
		unpaired.a += samples.length - pairs.length;
		unpaired.b += other.samples.length - pairs.length;
		for (const filter of new Set(pairs.map((pair) => pair.a.filter))) {
			const own = pairs.filter((pair) => pair.a.filter === filter);
			const draws = drawWindows(own.map(() => 0));
			over = draws?.over ?? over;
			for (const metric of metricsOf(own)) rows.push(rowOf({ task, filter, metric }, own, draws));
		}
	}
	for (const { task } of b) {
		if (a.length === 1 && b.length === 1) break;
		if (!a.some((each) => each.task === task)) notes.push(`${task}: only the second run has it`);
	}
	if (rows.length === 0) throw new InputError('the two runs have no task in common');
	return { rows, over, unpaired, notes };
}

interface Pair {
	a: Sample;
	b: Sample;
}

/** Metrics that every question has in both runs. */
function metricsOf(pairs: readonly Pair[]): string[] {
	return Object.keys(pairs[0].a.metrics).filter((metric) =>
		pairs.every(({ a, b }) => Object.hasOwn(a.metrics, metric) && Object.hasOwn(b.metrics, metric))
	);
}

function rowOf(
	about: Pick<PairedTask, 'task' | 'filter' | 'metric'>,
	pairs: readonly Pair[],
	draws: Parameters<typeof meanInterval>[1]
): PairedTask {
	const [a, b] = (['a', 'b'] as const).map((run) =>
		pairs.map((pair) => pair[run].metrics[about.metric])
	);
	const binary = [...a, ...b].every((value) => value === 0 || value === 1);
	const onlyA = a.filter((value, at) => value > b[at]).length;
	const onlyB = b.filter((value, at) => value > a[at]).length;
	return {
		...about,
		questions: pairs.length,
		a: mean(a),
		b: mean(b),
		delta: meanInterval(
			b.map((value, at) => value - a[at]),
			draws
		),
		mcnemar: binary ? { onlyA, onlyB, p: mcnemarExact(onlyA, onlyB) } : null
	};
}

function nothingInCommon(task: string, a: readonly Sample[], b: readonly Sample[]): InputError {
	const documents = new Set(b.map(({ document }) => document));
	const same = a.filter(({ document }) => documents.has(document)).length;
	const why =
		same > 0
			? `${same} documents are the same, but not their prompts: run both with the same --num_fewshot, --seed, chat template and filters`
			: 'they have no document in common';
	return new InputError(`${task}: no question can be paired: ${why}`);
}
