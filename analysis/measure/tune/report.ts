import { mean, meanInterval } from '../../statistics/figures.ts';
import { drawWindows, type Draws } from '../../statistics/resample.ts';
import type { TunedFigures } from '../../engine/torchTune.ts';
import type { Sources } from '../../plan/types.ts';
import { groupsOf, rightAnswers, scoreChoices } from '../choices/score.ts';
import type { LogLikelihoods, Question } from '../choices/types.ts';
import { TUNE_DEFAULTS } from './defaults.ts';
import type { PreparedTune } from './prepare.ts';
import type { TuneSettings } from './settings.ts';
import type { Arm, HeldOut, PairedAccuracy, TuneComparison, TuneReport } from './types.ts';

/** An arm as the worker measured it. */
export interface MeasuredArm {
	arm: Arm;
	sources: Sources;
	figures: TunedFigures;
}

type Measured = TunedFigures['before'];

/** The rate that is asked for, or the default of what is trained. */
export function learningRateOf({
	learningRate,
	lora
}: Pick<TuneSettings, 'learningRate' | 'lora'>): number {
	return (
		learningRate ?? (lora === null ? TUNE_DEFAULTS.learningRate : TUNE_DEFAULTS.adapterLearningRate)
	);
}

/** All figures of a tuning: means of each arm, and paired differences on held-out windows and probes. */
export function reportOf(
	{ plan: _, ...settings }: TuneSettings,
	prepared: Pick<PreparedTune, 'train' | 'stop' | 'report'>,
	questions: readonly Question[] | null,
	{ baseline, arms }: { baseline: Measured; arms: readonly MeasuredArm[] }
): TuneReport {
	const { train, stop, report } = prepared;
	const draws = drawWindows(report.windows.map(({ document }) => document));
	const probeDraws = drawWindows(report.probes.map(({ document }) => document));
	const pairedBy = paired(draws, probeDraws, questions);
	const means = (figures: Measured) => heldOut(figures, questions);
	return {
		arms: arms.map(({ arm, sources, figures }) => ({
			arm,
			sources,
			before: means(figures.before),
			after: means(figures.after),
			steps: figures.steps,
			best: figures.best,
			looks: figures.looks
		})),
		comparisons: comparisonsOf(baseline, arms, pairedBy),
		over: draws?.over ?? null,
		windows: report.windows.length,
		probes: report.probes.length,
		...(questions && {
			questions: {
				asked: questions.length,
				over: drawWindows(groupsOf(questions))?.over ?? null
			}
		}),
		trainWindows: train.length,
		stopWindows: stop.windows.length,
		settings: { ...settings, learningRate: learningRateOf(settings) }
	};
}

type PairedBy = (
	key: TuneComparison['key'],
	words: string,
	first: Measured,
	second: Measured
) => TuneComparison;

function comparisonsOf(
	baseline: Measured,
	arms: readonly MeasuredArm[],
	pairedBy: PairedBy
): TuneComparison[] {
	const of = (name: Arm) => arms.find(({ arm }) => arm === name)?.figures;
	const [planned, control, rival] = [of('planned'), of('control'), of('rival')];
	if (planned === undefined) throw new RangeError('no planned model was tuned');
	const found = [
		pairedBy('before', 'planned, untuned − baseline', planned.before, baseline),
		pairedBy('after', 'planned, tuned − baseline', planned.after, baseline)
	];
	if (control !== undefined) {
		found.push(
			pairedBy('control', 'control, tuned − baseline', control.after, baseline),
			pairedBy('againstControl', 'planned − control, both tuned', planned.after, control.after)
		);
	}
	if (rival !== undefined) {
		found.push(
			pairedBy('rivalBefore', 'rival, untuned − baseline', rival.before, baseline),
			pairedBy('rivalAfter', 'rival, tuned − baseline', rival.after, baseline),
			pairedBy('againstRival', 'planned − rival, both tuned', planned.after, rival.after)
		);
	}
	return found;
}

function paired(
	draws: Draws | null,
	probeDraws: Draws | null,
	questions: readonly Question[] | null
): PairedBy {
	const difference = (first: number[], second: number[], by: Draws | null) => {
		const { value, low, high } = meanInterval(
			first.map((loss, at) => loss - second[at]),
			by
		);
		return { loss: value, low, high };
	};
	return (key, words, first, second) => ({
		key,
		words,
		text: difference(first.windows, second.windows, draws),
		recall: first.probes.length === 0 ? null : difference(first.probes, second.probes, probeDraws),
		...(questions && { accuracy: accuracyDifference(questions, first, second) })
	});
}

function accuracyDifference(
	questions: readonly Question[],
	first: Measured,
	second: Measured
): PairedAccuracy {
	const { delta, mcnemar } = scoreChoices(questions, {
		baseline: byQuestion(questions, second.choices),
		shared: byQuestion(questions, first.choices)
	});
	const { onlyShared, onlyBaseline, p } = mcnemar.acc;
	return { ...delta.acc, onlyFirst: onlyShared, onlySecond: onlyBaseline, p };
}

/** Log-likelihoods of choices that lie question after question. */
function byQuestion(questions: readonly Question[], flat: readonly number[]): LogLikelihoods {
	let at = 0;
	return questions.map(({ choices }) => flat.slice(at, (at += choices.length)));
}

function heldOut(
	{ windows, probes, choices }: Measured,
	questions: readonly Question[] | null
): HeldOut {
	return {
		loss: mean(windows),
		recall: probes.length === 0 ? null : mean(probes),
		...(questions && {
			accuracy: mean(rightAnswers(questions, byQuestion(questions, choices), 'acc'))
		})
	};
}
