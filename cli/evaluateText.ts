import { quoted } from '../analysis/edge/quote.ts';
import type { EvaluateReport, Evaluation } from '../analysis/measure/evaluate/types.ts';
import type { ModelFigures } from '../analysis/measure/figures.ts';
import {
	SCORES,
	type ChoicesReport,
	type Score
} from '../analysis/measure/evaluate/choices/types.ts';
import { shortHash } from '../analysis/plan/planFile.ts';
import {
	formatBytes,
	formatCount,
	formatProbability,
	formatShare,
	formatValue
} from '../analysis/text/number.ts';
import { formatFacts, formatTable } from './table.ts';

const DIGITS = 4;
const LABELS = {
	documents: '95 % interval over documents and their windows',
	blocks: '95 % interval over blocks of windows: this text only'
} as const;

const QUESTION_LABELS = {
	documents: '95 % over groups and their questions',
	blocks: '95 % over blocks of questions'
} as const;

/** An evaluation for a person: both models, their difference, and the cost, measured and predicted. */
export function evaluateText({ report, model, texts, context }: Evaluation): string {
	const { baseline, shared, windows } = report;
	const names = texts.map(({ name }) => quoted(name)).join(', ');
	return [
		`${quoted(model.name)} (${shortHash(model.hash)}), measured on ${baseline.tokens} predicted tokens (${windows.length} × ${context}) of ${names}\n\n`,
		formatTable<[string, ModelFigures]>(
			[
				['as it is', baseline],
				['as planned', shared]
			],
			[
				{ title: 'model', value: ([name]) => name },
				figure('loss (nats a token)', ({ loss }) => loss),
				figure('perplexity', ({ perplexity }) => perplexity),
				figure('bits per byte', ({ bitsPerByte }) => bitsPerByte)
			]
		),
		'\n',
		formatFacts(differences(report)),
		...(report.choices ? ['\n', choicesText(report.choices)] : []),
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

function differences({ delta, kl, agreement }: EvaluateReport): [string, string][] {
	const { loss, low, high, over } = delta;
	const interval =
		over === null
			? 'no interval: a single window'
			: `[${formatValue(low, DIGITS)}, ${formatValue(high, DIGITS)}], ${LABELS[over]}`;
	return [
		['loss added', `${formatValue(loss, DIGITS)} nats a token ${interval}`],
		[
			'KL divergence',
			`mean ${formatValue(kl.mean, DIGITS)}, 99th percentile ${formatValue(kl.p99, DIGITS)} nats`
		],
		['agreement', `${formatShare(agreement)} of tokens have the same likeliest token before them`]
	];
}

/** A table of both models' accuracies. */
function choicesText({ questions, baseline, shared, delta, mcnemar, over }: ChoicesReport): string {
	const label = over === null ? 'no interval' : QUESTION_LABELS[over];
	return formatTable<Score>(SCORES, [
		{ title: `${questions} questions`, value: (score) => score },
		{ title: 'as it is', value: (score) => formatShare(baseline[score]), align: 'right' },
		{ title: 'as planned', value: (score) => formatShare(shared[score]), align: 'right' },
		{ title: 'difference', value: (score) => formatShare(delta[score].value), align: 'right' },
		{ title: `[${label}]`, value: (score) => interval(delta[score]) },
		{
			title: "right by one alone, McNemar's p",
			value: (score) => {
				const { onlyBaseline, onlyShared, p } = mcnemar[score];
				return `${onlyBaseline} : ${onlyShared}, ${formatProbability(p)}`;
			}
		}
	]);
}

function interval({ low, high }: ChoicesReport['delta'][Score]): string {
	return low === null || high === null ? '–' : `[${formatShare(low)}, ${formatShare(high)}]`;
}

function costs({ cost: { measured, predicted } }: EvaluateReport): [string, string][] {
	const { baseline, shared, prefillRatio, timed } = measured;
	const seconds = (value: number) => `${formatValue(value * 1000, 1)} ms`;
	return [
		[
			'prefill (measured)',
			`${timed === 'model' ? 'the whole model' : 'its layers'}, ${seconds(baseline.prefillSeconds.median)} a window as it is, ${seconds(shared.prefillSeconds.median)} as planned; ` +
				`ratio ${formatValue(prefillRatio.median)} (quartiles ${formatValue(prefillRatio.q25)} to ${formatValue(prefillRatio.q75)})`
		],
		[
			'CPU time (measured)',
			`${seconds(baseline.cpuSeconds)} a window as it is, ${seconds(shared.cpuSeconds)} as planned`
		],
		[
			'memory (measured)',
			`at most ${formatBytes(baseline.peakRssBytes)} as it is, ${formatBytes(shared.peakRssBytes)} as planned, in one process`
		],
		[
			'savings (predicted)',
			`${predicted.followers} followers${predicted.leftOut > 0 ? `, ${predicted.leftOut} left out` : ''}: ${formatShare(predicted.kCache.shareOfKv)} of K and V cache, ` +
				`${formatCount(predicted.parameters.count)} parameters, ${formatShare(predicted.prefill.share)} of prefill FLOP`
		]
	];
}
