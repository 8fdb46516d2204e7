import { rssWithHelpers } from '../../process/helpers.ts';
import type { Reporter } from '../../telemetry/reporter.ts';
import type { Window } from '../../model/tokens/types.ts';
import { drawProbes, recallOf, recallReport, type RecallReport } from '../recall.ts';
import { scoreChoices } from '../choices/score.ts';
import type { ChoicesReport, LogLikelihoods, Question } from '../choices/types.ts';
import type { ProbeReport } from './probes/types.ts';
import { checkWindows } from '../comparedFinite.ts';
import { probeWork, type PreparedEvaluation } from './prepare.ts';
import type { ModelVariant } from '../../graph/modelVariants.ts';
import type { Compared, Comparison } from '../../engine/variants.ts';

export interface Measured {
	windows: Compared<Window>[];
	/** Highest resident set seen after a layer, or a run of the whole model, of either variant, bytes. */
	peakRssBytes: Record<ModelVariant, number>;
}

/** All that was measured. */
export interface Found {
	measured: Measured;
	recall?: RecallReport;
	choices?: ChoicesReport;
	probes?: ProbeReport[];
}

/**
 * Runs every window through the model without and with the plan, and compares what both say. Throws InputError where that
 * is not finite.
 */
export async function measureWindows(
	prepared: PreparedEvaluation,
	comparison: Comparison,
	reporter: Reporter
): Promise<Measured> {
	const { model, timed, context, windows, work } = prepared;
	const peakRssBytes = { baseline: 0, shared: 0 };
	const measured: Compared<Window>[] = [];
	const onPart = (
		variant: ModelVariant,
		window: number,
		fraction: number,
		layer: number | null
	): void => {
		peakRssBytes[variant] = Math.max(peakRssBytes[variant], rssWithHelpers());
		const stage = variant === 'shared' ? `${timed}, sharing` : timed;
		reporter.addTokens(context * fraction);
		reporter.add(work.oneVariant * fraction, stage, window, layer);
	};
	for await (const group of comparison.windows(windows, onPart)) {
		const first = measured.length;
		checkWindows(group, model.path, (index) => `window ${first + index}`);
		measured.push(...group);
		reporter.add(group.length * work.comparison, 'comparing', measured.length);
	}
	return { windows: measured, peakRssBytes };
}

/** Recall of each probe, without and with the plan. */
export interface ProbeLosses {
	baseline: number[];
	planned: number[];
}

/** Runs the probes of in-context recall under both variants; null: there are none. Throws InputError where a loss is not finite. */
export async function measureRecall(
	prepared: PreparedEvaluation,
	comparison: Comparison,
	reporter: Reporter
): Promise<ProbeLosses | null> {
	const { model, probes } = prepared;
	if (probes === null) return null;
	const [baseline, planned]: number[][] = [[], []];
	for await (const group of comparison.windows(probes.probes)) {
		const first = baseline.length;
		checkWindows(group, model.path, (index) => `recall probe ${first + index}`);
		for (const { comparison: said } of group) {
			baseline.push(recallOf(said.baseline, probes.scored));
			planned.push(recallOf(said.shared, probes.scored));
		}
		reporter.addTokens(2 * group.length * probes.context);
		reporter.add(group.length * probeWork(prepared), 'recall', baseline.length);
	}
	return { baseline, planned };
}

/** All that windows, probes and questions say, of which the figures are made. */
export interface Answers {
	measured: Measured;
	/** null: there are no probes. */
	recall: ProbeLosses | null;
	/** Of long in-context probes; null: none are asked for. */
	probes: ProbeReport[] | null;
	/** Summed log-likelihoods; null: no questions are asked. */
	choices: Record<ModelVariant, LogLikelihoods> | null;
}

/** Computes the findings from the answers to all windows, probes and questions. */
export function foundOf(
	{ measured, recall, probes, choices }: Answers,
	{ probes: drawn }: PreparedEvaluation,
	questions: readonly Question[] | null
): Found {
	return {
		measured,
		...(recall &&
			drawn && {
				recall: recallReport(recall.baseline, recall.planned, drawProbes(drawn.probes))
			}),
		...(probes && { probes }),
		...(choices && questions && { choices: scoreChoices(questions, choices) })
	};
}
