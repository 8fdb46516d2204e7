import { askedWords, GATE_WORDS } from '$analysis/measure/evaluate/gateWords.ts';
import type {
	EvaluateReport,
	Gates,
	JudgedGate,
	Verdict
} from '$analysis/measure/evaluate/types.ts';
import type { Term } from '$analysis/text/explanations.ts';
import { rangeOf } from '$analysis/figure/plot.ts';
import {
	formatPercent,
	formatShortPercent,
	formatSigned,
	formatTick,
	formatValue
} from '$analysis/text/number.ts';
import { withInterval } from '$analysis/text/interval.ts';

/** A figure with its interval, drawn against zero and against what a gate allows. */
export interface IntervalRow {
	name: string;
	term: Term;
	value: number;
	low: number | null;
	high: number | null;
	/** Limit that a gate sets; null: there is no gate. */
	limit: number | null;
	verdict: Verdict | null;
	/** Value where nothing changes. */
	zero: number;
	range: readonly [number, number];
	format: (value: number) => string;
	/** Text of a tick, with no more digits than it needs. */
	tick: (value: number) => string;
	/** "+0.306 [+0.231, +0.373]" */
	text: string;
	/** "at most +0.300; missed by 0.006" */
	asked: string;
}

const TERMS: Readonly<Record<keyof Gates, Term>> = {
	maxLossIncrease: 'increase',
	minAgreement: 'agreement',
	maxAccuracyDrop: 'accuracy',
	maxProbeDrop: 'probes'
};

/** The loss increase, and whatever else a gate was asked for. */
export function intervalRows(report: EvaluateReport): IntervalRow[] {
	const judged = report.gates?.judged ?? [];
	const loss = judged.find(({ gate }) => gate === 'maxLossIncrease');
	const { loss: value, low, high } = report.delta;
	return [
		rowOf('maxLossIncrease', { value, low, high }, loss ?? null),
		...judged.filter((each) => each !== loss).map((each) => rowOf(each.gate, each, each))
	];
}

function rowOf(
	gate: keyof Gates,
	{ value, low, high }: Pick<JudgedGate, 'value' | 'low' | 'high'>,
	judged: JudgedGate | null
): IntervalRow {
	const isFraction = gate !== 'maxLossIncrease';
	const plain = (number: number) => (isFraction ? formatPercent(number) : formatValue(number));
	const format = gate === 'minAgreement' ? plain : (number: number) => formatSigned(number, plain);
	const zero = gate === 'minAgreement' ? 1 : 0;
	const limit = judged?.limit ?? null;
	const values = [value, low ?? value, high ?? value, limit ?? value];
	return {
		name: nameOf(gate, judged?.of ?? null),
		term: TERMS[gate],
		value,
		low,
		high,
		limit,
		verdict: judged?.verdict ?? null,
		zero,
		range: rangeOf(values, gate === 'minAgreement' ? [1] : [0]),
		format,
		tick: isFraction ? formatShortPercent : formatTick,
		text: withInterval(value, { low, high }, format),
		asked: judged === null ? '' : askedWords(judged, plain, format)
	};
}

/** "Loss increase (nats/token)"; `of`: the part that the gate judges by itself, such as one task and length. */
function nameOf(gate: keyof Gates, of: string | null): string {
	const { name, measure } = GATE_WORDS[gate];
	const about = of ?? measure;
	return `${name.charAt(0).toUpperCase()}${name.slice(1)}${about === null ? '' : ` (${about})`}`;
}
