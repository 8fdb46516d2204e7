import { DTYPE_BYTES, savings } from '../../plan/savings.ts';
import type { Plan } from '../../plan/types.ts';
import { peakWithHelpers } from '../../process/helpers.ts';
import type { Window } from '../../model/tokens/types.ts';
import { drawWindows } from '../../statistics/resample.ts';
import { mean, meanInterval, quantile, spreadOf } from '../../statistics/figures.ts';
import { modelFigures, predictedBytes } from '../figures.ts';
import { judgeGates, type Estimated } from './gates.ts';
import { probeName } from './probes/name.ts';
import type { Found, Measured } from './measure.ts';
import type { PreparedEvaluation } from './prepare.ts';
import type { ModelVariant } from '../../graph/modelVariants.ts';
import type { Compared } from '../../engine/variants.ts';
import type {
	Cost,
	EvaluateReport,
	EvaluateRequest,
	VariantCost,
	WindowRow,
	WindowTokens
} from './types.ts';
import type { ModelFigures } from '../figures.ts';

const KL_TAIL = 0.99;
/** Windows that are kept token by token. */
const WORST_WINDOWS = 5;

/** All figures of an evaluation, from what was measured. */
export function reportOf(
	request: EvaluateRequest,
	prepared: PreparedEvaluation,
	{ measured, recall, choices, probes }: Found
): EvaluateReport {
	const windows = measured.windows.map((each) =>
		rowOf(each, predictedBytes(each.sequence, request.documents, prepared.tokenizer))
	);
	const draws = drawWindows(windows.map(({ document }) => document));
	const lossIncrease = meanInterval(
		windows.map(({ baseline, shared }) => shared - baseline),
		draws
	);
	const agreement = meanInterval(
		windows.map((window) => window.agreement),
		draws
	);
	const divergences = measured.windows.flatMap(({ comparison }) => [...comparison.kl]);
	return {
		baseline: figuresOf(windows, 'baseline'),
		shared: figuresOf(windows, 'shared'),
		delta: {
			loss: lossIncrease.value,
			low: lossIncrease.low,
			high: lossIncrease.high,
			over: draws?.over ?? null
		},
		kl: { mean: mean(divergences), p99: quantile(divergences, KL_TAIL) },
		agreement: agreement.value,
		windows,
		worst: worstOf(windows, measured, prepared),
		cost: costOf(prepared, request.plan, measured),
		...(recall && { recall }),
		...(choices && { choices }),
		...(probes && { probes }),
		gates: judgeGates(request.gates, {
			lossIncrease,
			agreement,
			...(choices && { accuracyDrop: dropOf(choices.delta.acc) }),
			...(probes && {
				probeDrops: probes.map((each) => ({
					...dropOf(each.delta.accuracy),
					of: probeName(each)
				}))
			})
		})
	};
}

/** A fall is a change the other way round. */
function dropOf({ value, low, high }: Estimated): Estimated {
	return { value: -value, low: high === null ? null : -high, high: low === null ? null : -low };
}

function rowOf({ sequence: window, comparison, time }: Compared<Window>, bytes: number): WindowRow {
	return {
		document: window.document,
		start: window.start,
		tokens: comparison.baseline.length,
		bytes,
		baseline: mean(comparison.baseline),
		shared: mean(comparison.shared),
		kl: mean(comparison.kl),
		agreement: mean(comparison.agree),
		baselineSeconds: time.baseline.seconds,
		sharedSeconds: time.shared.seconds
	};
}

/** The windows whose loss rose most, token by token; of equal ones the earlier. */
function worstOf(
	windows: readonly WindowRow[],
	measured: Measured,
	{ tokenizer }: PreparedEvaluation
): WindowTokens[] {
	return windows
		.map(({ baseline, shared }, window) => ({ window, added: shared - baseline }))
		.filter(({ added }) => added > 0)
		.sort((a, b) => b.added - a.added)
		.slice(0, WORST_WINDOWS)
		.map(({ window }) => {
			const { sequence: cut, comparison } = measured.windows[window];
			return {
				window,
				pieces: tokenizer.pieces(cut.ids.slice(1)),
				baseline: Array.from(comparison.baseline, rounded),
				shared: Array.from(comparison.shared, rounded)
			};
		});
}

/** Losses are float32 at heart; more digits would only make the report longer. */
function rounded(loss: number): number {
	return Number(loss.toFixed(6));
}

function figuresOf(windows: readonly WindowRow[], variant: ModelVariant): ModelFigures {
	const total = (of: (window: WindowRow) => number) =>
		windows.reduce((sum, window) => sum + of(window), 0);
	const tokens = total((window) => window.tokens);
	const nats = total((window) => window.tokens * window[variant]);
	return modelFigures(
		nats,
		tokens,
		total((window) => window.bytes)
	);
}

function costOf(prepared: PreparedEvaluation, plan: Plan, measured: Measured): Cost {
	const { model, timed, context, memory } = prepared;
	const { windows } = measured;
	const variantCost = (variant: ModelVariant): VariantCost => ({
		prefillSeconds: spreadOf(windows.map(({ time }) => time[variant].seconds)),
		cpuSeconds: mean(windows.map(({ time }) => time[variant].cpuSeconds)),
		peakRssBytes: measured.peakRssBytes[variant]
	});
	const setting = { context, batch: 1, elementBytes: DTYPE_BYTES.f32 };
	return {
		measured: {
			timed,
			baseline: variantCost('baseline'),
			shared: variantCost('shared'),
			prefillRatio: spreadOf(
				windows.map(({ time }) => time.shared.seconds / time.baseline.seconds)
			),
			processPeakRssBytes: peakWithHelpers(),
			weights: memory.resident ? 'resident' : 'streamed'
		},
		predicted: savings(model.facts, plan.sources, setting)
	};
}
