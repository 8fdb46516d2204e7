import { quoted } from '../analysis/edge/quote.ts';
import type { EvaluateReport, Evaluation } from '../analysis/measure/evaluate/types.ts';
import type { RecallReport } from '../analysis/measure/recall.ts';
import type { ModelFigures } from '../analysis/measure/figures.ts';
import type { BaselineAccuracy } from '../analysis/measure/choices/baseline.ts';
import { SCORES, type ChoicesReport, type Score } from '../analysis/measure/choices/types.ts';
import { probeName } from '../analysis/measure/evaluate/probes/name.ts';
import type { ProbeReport } from '../analysis/measure/evaluate/probes/types.ts';
import { shortHash } from '../analysis/text/hash.ts';
import {
	intervalLabel,
	intervalText,
	questionIntervalLabel,
	withInterval
} from '../analysis/text/interval.ts';
import {
	formatBytes,
	formatCount,
	formatDiscordant,
	formatPercent,
	formatValue
} from '../analysis/text/number.ts';
import { countWords } from '../analysis/text/plan.ts';
import { formatFacts, formatTable } from './table.ts';

const DIGITS = 4;

/** An evaluation for a person: both models, their difference, and the cost, measured and predicted. */
export function evaluateText({ report, model, texts, context }: Evaluation): string {
	const { baseline, shared, windows } = report;
	const names = texts.map(({ name }) => quoted(name)).join(', ');
	return [
		`${quoted(model.name)} (${shortHash(model.hash)}), measured on ${baseline.tokens} predicted tokens (${windows.length} × ${context}) of ${names}\n\n`,
		formatTable<[string, ModelFigures]>(
			[
				['baseline', baseline],
				['planned', shared]
			],
			[
				{ title: 'model', value: ([name]) => name },
				figure('loss (nats/token)', ({ loss }) => loss),
				figure('perplexity', ({ perplexity }) => perplexity),
				figure('bits per byte', ({ bitsPerByte }) => bitsPerByte)
			]
		),
		'\n',
		formatFacts(differences(report)),
		...(report.choices ? ['\n', choicesText(report.choices)] : []),
		...(report.probes ? ['\n', probesText(report.probes)] : []),
		'\n',
		formatFacts(costs(report))
	].join('');
}

function figure(title: string, of: (figures: ModelFigures) => number) {
	return {
		title,
		value: ([, figures]: [string, ModelFigures]) => formatValue(of(figures), DIGITS),
		align: 'right' as const
	};
}

function differences({ delta, kl, agreement, recall }: EvaluateReport): [string, string][] {
	const { loss, low, high, over } = delta;
	const text = withInterval(loss, { low, high }, (value) => formatValue(value, DIGITS));
	return [
		['loss increase', `${text} nats/token, ${intervalLabel(over)}`],
		[
			'KL divergence',
			`mean ${formatValue(kl.mean, DIGITS)}, 99th percentile ${formatValue(kl.p99, DIGITS)} nats`
		],
		['top-1 agreement', formatPercent(agreement)],
		['recall', recall === undefined ? 'not measured' : recallWords(recall)]
	];
}

/** "0.214 → 0.350 nats/token on a repeated passage: +0.136 [0.100, 0.180]" */
function recallWords({ baseline, planned, delta, windows }: RecallReport): string {
	const nats = (value: number) => formatValue(value, DIGITS);
	const probes = windows === 1 ? '1 probe' : `${windows} probes`;
	return `${nats(baseline)} to ${nats(planned)} nats/token on a repeated passage: increase ${withInterval(delta.loss, delta, nats)}, ${probes}`;
}

/** A table of both models' accuracies. */
function choicesText({ questions, baseline, shared, delta, mcnemar, over }: ChoicesReport): string {
	const label = questionIntervalLabel(over);
	return formatTable<Score>(SCORES, [
		{ title: `${questions} questions`, value: (score) => score },
		{ title: 'baseline', value: (score) => formatPercent(baseline[score]), align: 'right' },
		{ title: 'planned', value: (score) => formatPercent(shared[score]), align: 'right' },
		{ title: 'difference', value: (score) => formatPercent(delta[score].value), align: 'right' },
		{
			title: `[${label}]`,
			value: (score) => intervalText(delta[score], (value) => formatPercent(value)) || '–'
		},
		{
			title: 'discordant pairs (baseline : planned), McNemar p',
			value: (score) => {
				const { onlyBaseline, onlyShared, p } = mcnemar[score];
				return formatDiscordant(onlyBaseline, onlyShared, p);
			}
		}
	]);
}

/** A table of both models on the long in-context probes: a line for accuracy and one for nats of each. */
function probesText(probes: readonly ProbeReport[]): string {
	const [{ sequences, questions, chance }] = probes;
	const lines = probes.flatMap((probe) => [
		{ probe, figure: 'accuracy' as const, format: (value: number) => formatPercent(value) },
		{ probe, figure: 'nats' as const, format: (value: number) => formatValue(value, DIGITS) }
	]);
	return formatTable(lines, [
		{
			title: `${questions} questions in ${sequences} sequences`,
			value: ({ probe, figure }) => `${probeName(probe)}: ${figure}`
		},
		{
			title: 'baseline',
			value: (line) => line.format(line.probe.baseline[line.figure]),
			align: 'right'
		},
		{
			title: 'planned',
			value: (line) => line.format(line.probe.planned[line.figure]),
			align: 'right'
		},
		{
			title: 'difference',
			value: (line) => line.format(line.probe.delta[line.figure].value),
			align: 'right'
		},
		{
			title: '[95% CI over sequences and their questions]',
			value: (line) => intervalText(line.probe.delta[line.figure], line.format) || '–'
		},
		{
			title: `guessing ${formatPercent(chance)}; discordant pairs (baseline : planned), McNemar p`,
			value: ({ probe: { mcnemar }, figure }) =>
				figure === 'nats'
					? ''
					: formatDiscordant(mcnemar.onlyBaseline, mcnemar.onlyShared, mcnemar.p)
		}
	]);
}

/** A model's own accuracies, for a person. */
export function baselineText({ questions, baseline, over, model }: BaselineAccuracy): string {
	const label = questionIntervalLabel(over);
	return [
		`${quoted(model.name)} (${shortHash(model.hash)}), measured on ${questions} questions, without a plan\n\n`,
		formatTable<Score>(SCORES, [
			{ title: `${questions} questions`, value: (score) => score },
			{
				title: 'baseline',
				value: (score) => formatPercent(baseline[score].value),
				align: 'right'
			},
			{
				title: `[${label}]`,
				value: (score) => intervalText(baseline[score], (value) => formatPercent(value)) || '–'
			}
		])
	].join('');
}

function costs({ cost: { measured, predicted } }: EvaluateReport): [string, string][] {
	const { baseline, shared, prefillRatio, timed } = measured;
	const seconds = (value: number) => `${formatValue(value * 1000, 1)} ms`;
	return [
		[
			'prefill (measured)',
			`${timed === 'model' ? 'the whole model' : 'its layers'}, ${seconds(baseline.prefillSeconds.median)} per window baseline, ${seconds(shared.prefillSeconds.median)} planned; ` +
				`ratio ${formatValue(prefillRatio.median)} (quartiles ${formatValue(prefillRatio.q25)} to ${formatValue(prefillRatio.q75)})`
		],
		[
			'CPU time (measured)',
			`${seconds(baseline.cpuSeconds)} per window baseline, ${seconds(shared.cpuSeconds)} planned`
		],
		[
			'memory (measured)',
			`at most ${formatBytes(baseline.peakRssBytes)} baseline, ${formatBytes(shared.peakRssBytes)} planned, in one process`
		],
		[
			'savings (predicted)',
			`${countWords({ followers: predicted.followers, dropped: predicted.leftOut })}: ${formatPercent(predicted.kCache.shareOfKv)} of K and V cache, ` +
				`${formatCount(predicted.parameters.count)} parameters, ${formatPercent(predicted.prefill.share)} of prefill FLOP`
		]
	];
}
