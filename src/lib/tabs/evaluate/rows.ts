import type { EvaluateReport } from '$analysis/measure/evaluate/types.ts';
import { csv } from '$analysis/text/csv.ts';
import { SCORES } from '$analysis/measure/choices/types.ts';
import {
	formatBytes,
	formatCount,
	formatDuration,
	formatProbability,
	formatPercent,
	formatSigned,
	formatTimes,
	formatValue
} from '$analysis/text/number.ts';
import { probeName } from '$analysis/measure/evaluate/probes/name.ts';
import type { ProbeReport, ProbeTask } from '$analysis/measure/evaluate/probes/types.ts';
import { intervalText, withInterval } from '$analysis/text/interval.ts';

/** One figure of both models. */
export interface ComparedRow {
	name: string;
	/** Baseline and planned; empty where the figure is of both. */
	a: string;
	b: string;
	difference: string;
	/** Definition of the figure, shown when the pointer rests on its row. */
	about: string;
}

export interface ComparedGroup {
	name: string;
	/** Origin of the figures: measured on the texts or the machine, or predicted from the plan. */
	basis: 'measured' | 'predicted';
	rows: ComparedRow[];
}

const digits = (count: number) => (value: number) => formatValue(value, count);
const milliseconds = (seconds: number) => `${formatValue(seconds * 1000, 1)} ms`;

/** Both models side by side, in groups. */
export function comparedGroups(report: EvaluateReport): ComparedGroup[] {
	return [
		{ name: 'Text', basis: 'measured', rows: textRows(report) },
		...(report.choices === undefined
			? []
			: [{ name: 'Questions', basis: 'measured' as const, rows: choiceRows(report.choices) }]),
		...(report.probes === undefined
			? []
			: [
					{
						name: 'Long in-context probes',
						basis: 'measured' as const,
						rows: report.probes.flatMap(probeRows)
					}
				]),
		{ name: 'Cost', basis: 'measured', rows: costRows(report) },
		{ name: 'Saved', basis: 'predicted', rows: savedRows(report) }
	];
}

function textRows({
	baseline,
	shared,
	delta,
	kl,
	agreement,
	recall
}: EvaluateReport): ComparedRow[] {
	const pair = (
		name: string,
		about: string,
		of: (figures: typeof baseline) => number,
		count: number
	): ComparedRow => ({
		name,
		about,
		a: digits(count)(of(baseline)),
		b: digits(count)(of(shared)),
		difference: formatSigned(of(shared) - of(baseline), digits(count))
	});
	const added = (value: number) => formatSigned(value, digits(4));
	return [
		{
			...pair('loss', 'Mean natural-log loss, nats/token', ({ loss }) => loss, 4),
			difference: withInterval(delta.loss, delta, added)
		},
		...(recall === undefined
			? []
			: [
					{
						name: 'recall',
						about: `Loss on the second copy of a passage that comes again, nats/token; ${recall.windows} probes`,
						a: digits(4)(recall.baseline),
						b: digits(4)(recall.planned),
						difference: withInterval(recall.delta.loss, recall.delta, added)
					}
				]),
		pair('perplexity', 'e to the loss', ({ perplexity }) => perplexity, 2),
		pair(
			'bits per byte',
			'Loss in bits by the UTF-8 bytes of the text: comparable between tokenizers',
			({ bitsPerByte }) => bitsPerByte,
			4
		),
		{
			name: 'agreement',
			about: 'Fraction of tokens before which both find the same next token the most likely',
			a: '',
			b: formatPercent(agreement),
			difference: ''
		},
		{
			name: 'KL divergence',
			about: 'KL(A ‖ B) of the next-token distributions, nats: mean, 99th percentile',
			a: '',
			b: formatValue(kl.mean, 4),
			difference: `99th percentile ${formatValue(kl.p99, 2)}`
		}
	];
}

function choiceRows(choices: NonNullable<EvaluateReport['choices']>): ComparedRow[] {
	const { baseline, shared, delta, mcnemar, questions } = choices;
	const about = {
		acc: 'Share answered rightly by summed log-likelihood',
		acc_norm:
			'The same, divided by the characters of each choice, as lm-evaluation-harness has it: without the space before it',
		acc_norm_space: 'The same, divided by the characters of each choice and the space before it',
		acc_bytes: 'The same, divided by the UTF-8 bytes of each choice, without the space before it'
	} as const;
	const points = (value: number) => formatSigned(value, (fraction) => formatPercent(fraction));
	// Results of earlier versions have fewer.
	return SCORES.filter((score) => score in baseline).map((score) => {
		const { onlyBaseline, onlyShared, p } = mcnemar[score];
		return {
			name: score,
			about: `${about[score]}; ${questions} questions. Right by A alone ${onlyBaseline}, by B alone ${onlyShared}; McNemar’s exact test`,
			a: formatPercent(baseline[score]),
			b: formatPercent(shared[score]),
			difference: `${withInterval(delta[score].value, delta[score], points)} p ${formatProbability(p)}`
		};
	});
}

const PROBE_WORDS: Readonly<Record<ProbeTask, string>> = {
	'key-value': 'Which value stood behind a key of a long list',
	labels: 'Which label lines with the same word had before'
};

function probeRows(probe: ProbeReport): ComparedRow[] {
	const { task, baseline, planned, delta, mcnemar, questions, sequences, chance } = probe;
	const about = `${PROBE_WORDS[task]}; ${questions} questions in ${sequences} sequences`;
	const points = (value: number) => formatSigned(value, (fraction) => formatPercent(fraction));
	const added = (value: number) => formatSigned(value, digits(4));
	return [
		{
			name: probeName(probe),
			about: `${about}; guessing is right in ${formatPercent(chance)}. Right by A alone ${mcnemar.onlyBaseline}, by B alone ${mcnemar.onlyShared}; McNemar’s exact test`,
			a: formatPercent(baseline.accuracy),
			b: formatPercent(planned.accuracy),
			difference: `${withInterval(delta.accuracy.value, delta.accuracy, points)} p ${formatProbability(mcnemar.p)}`
		},
		{
			name: `${probeName(probe)}, nats`,
			about: `${about}. Mean −ln of the right answer’s probability among the candidates`,
			a: digits(4)(baseline.nats),
			b: digits(4)(planned.nats),
			difference: withInterval(delta.nats.value, delta.nats, added)
		}
	];
}

function costRows({ cost: { measured } }: EvaluateReport): ComparedRow[] {
	const { baseline, shared, prefillRatio, timed } = measured;
	const what =
		timed === 'model'
			? 'Time of the whole ONNX model, output head included, with no cache'
			: 'Time in the decoder layers';
	const spread = ({ median, q25, q75 }: typeof prefillRatio) =>
		`${formatTimes(median, 3)} ${intervalText({ low: q25, high: q75 })}`;
	const change = (a: number, b: number) =>
		a === 0 ? '' : formatSigned(b / a - 1, (fraction) => formatPercent(fraction));
	return [
		{
			name: timed === 'model' ? 'prefill, whole model' : 'prefill, layers',
			about: `${what}, median; the ratio with its quartiles. This engine, this machine`,
			a: milliseconds(baseline.prefillSeconds.median),
			b: milliseconds(shared.prefillSeconds.median),
			difference: spread(prefillRatio)
		},
		{
			name: 'CPU per window',
			about: 'CPU seconds of all threads in the same work, mean',
			a: formatDurationShort(baseline.cpuSeconds),
			b: formatDurationShort(shared.cpuSeconds),
			difference: change(baseline.cpuSeconds, shared.cpuSeconds)
		},
		{
			name: 'memory, peak',
			about:
				'Highest resident set seen; baseline and planned run in one process, so the second sees the first’s',
			a: formatBytes(baseline.peakRssBytes),
			b: formatBytes(shared.peakRssBytes),
			difference: change(baseline.peakRssBytes, shared.peakRssBytes)
		}
	];
}

function formatDurationShort(seconds: number): string {
	return seconds < 10 ? milliseconds(seconds) : formatDuration(seconds);
}

function savedRows({ cost: { predicted } }: EvaluateReport): ComparedRow[] {
	const { kCache, vCache, parameters, prefill, decode, context } = predicted;
	const row = (name: string, amount: string, fraction: number, about: string): ComparedRow => ({
		name,
		about: `${about}; counted for ${context} tokens, one sequence, float32`,
		a: '',
		b: amount,
		difference: formatPercent(-fraction, 2)
	});
	return [
		row(
			'KV cache',
			`−${formatBytes(kCache.bytes + vCache.bytes)}`,
			kCache.shareOfKv,
			'Of K and V together'
		),
		row('parameters', `−${formatCount(parameters.count)}`, parameters.share, 'Weights not needed'),
		row(
			'prefill FLOPs',
			`−${formatCount(prefill.flops)}`,
			prefill.share,
			'No time follows from FLOPs'
		),
		row('decode bytes', `−${formatBytes(decode.bytes)}`, decode.share, 'Not read at a step, net')
	];
}

/** The rows as CSV. */
export function comparedCsv(groups: readonly ComparedGroup[]): string {
	const lines = groups.flatMap(({ name, basis, rows }) =>
		rows.map((row) => [name, row.name, row.a, row.b, row.difference, basis])
	);
	return csv([['group', 'figure', 'A', 'B', 'difference', 'basis'], ...lines]);
}
