import { mcnemarExact } from '../../../statistics/mcnemar.ts';
import { mean, meanInterval } from '../../../statistics/figures.ts';
import { drawWindows } from '../../../statistics/resample.ts';
import type { ModelVariant } from '../../../graph/modelVariants.ts';
import { CANDIDATES } from './make.ts';
import type { ProbeReport, ProbeSet } from './types.ts';

/** Losses of the candidates of each question of each sequence. */
export type SequenceLosses = readonly Record<ModelVariant, number[][]>[];

/**
 * Scores a task at one length: accuracy, and nats of the right answer against the others, of both models and paired by
 * question, with intervals over sequences, then questions.
 */
export function scoreProbes({ task, tokens }: ProbeSet, losses: SequenceLosses): ProbeReport {
	const of = (variant: ModelVariant) => losses.flatMap((sequence) => sequence[variant]);
	const [baseline, planned] = [of('baseline'), of('shared')].map((asked) => ({
		right: asked.map(isRight),
		nats: asked.map(natsOf)
	}));
	const draws = drawWindows(
		losses.flatMap((sequence, index) => sequence.baseline.map(() => index))
	);
	const paired = (key: 'right' | 'nats') =>
		meanInterval(
			planned[key].map((value, at) => value - baseline[key][at]),
			draws
		);
	const onlyBaseline = baseline.right.filter((right, at) => right > planned.right[at]).length;
	const onlyShared = planned.right.filter((right, at) => right > baseline.right[at]).length;
	return {
		task,
		tokens,
		sequences: losses.length,
		questions: baseline.right.length,
		chance: 1 / CANDIDATES,
		baseline: { accuracy: mean(baseline.right), nats: mean(baseline.nats) },
		planned: { accuracy: mean(planned.right), nats: mean(planned.nats) },
		delta: { accuracy: paired('right'), nats: paired('nats') },
		over: draws?.over ?? null,
		mcnemar: { onlyBaseline, onlyShared, p: mcnemarExact(onlyBaseline, onlyShared) }
	};
}

/** 1 where the first candidate is likelier than every other. */
function isRight([right, ...others]: readonly number[]): number {
	return Number(others.every((other) => right < other));
}

/** −ln of the first candidate's probability among the candidates. */
function natsOf(losses: readonly number[]): number {
	const least = Math.min(...losses);
	const sum = losses.reduce((total, loss) => total + Math.exp(least - loss), 0);
	return losses[0] - least + Math.log(sum);
}
