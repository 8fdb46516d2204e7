import { InputError } from '../errors.ts';
import {
	meanNextLayer,
	meanOverOthersCurve,
	meanOverPairs,
	nextLayerCurve,
	peakDepth,
	relativeDepth,
	type Curve
} from '../similarity/curves.ts';
import {
	pairedDifference,
	summaryOf,
	whyNotPaired,
	type ComparedRun,
	type Summary
} from '../similarity/compare.ts';
import { similarityMatrix } from '../similarity/measure.ts';
import { nullMatrix } from '../similarity/null.ts';
import type { Interval } from '../statistics/resample.ts';
import type { Metric, View } from '../similarity/types.ts';
import { isApart } from './apart.ts';
import { differenceMap, rowsOf } from './depth.ts';
import { differingFacts } from './facts.ts';
import { compareSpans, defaultChoice } from './spans.ts';
import {
	MAX_RUNS,
	type CompareInput,
	type ComparedModel,
	type ComparedPair,
	type Comparison,
	type DifferenceMap,
	type SpanChoice
} from './types.ts';
import { summaryWords } from './words.ts';

export interface CompareOptions {
	metric: Metric;
	view: View;
	/** A quarter of the layers of the shallowest model follow, unless given. */
	spans?: SpanChoice;
}

/**
 * Two or more runs side by side, for one metric and view: what the page shows and the command prints.
 * `sums` must be those of `view`. Throws InputError for fewer than two or more than MAX_RUNS runs, and
 * where a run did not measure the metric or the view.
 */
export function compareRuns(
	inputs: readonly CompareInput[],
	{ metric, view, spans }: CompareOptions
): Comparison {
	checkInputs(inputs, metric, view);
	const matrices = inputs.map(({ sums }) => similarityMatrix(sums, metric));
	const runs = inputs.map((input, i) =>
		modelOf(input, matrices[i], metric, nameOf(inputs, i), letterOf(i))
	);
	const pairs = inputs.flatMap((_, first) =>
		inputs.slice(first + 1).map((__, i) => pairOf(inputs, matrices, metric, first, first + 1 + i))
	);
	return {
		metric,
		view,
		runs,
		pairs,
		spans: compareSpans(
			inputs.map(({ record, sums }, i) => ({
				matrix: matrices[i],
				layers: sums.layers,
				slidingWindows: record.model.reach
			})),
			spans ?? defaultChoice(inputs.map(({ sums }) => sums.layers))
		),
		differing: differingFacts(inputs.map(({ record }) => record)),
		summary: summaryWords({ runs, pairs })
	};
}

function checkInputs(inputs: readonly CompareInput[], metric: Metric, view: View): void {
	if (inputs.length < 2)
		throw new InputError(`runs to compare: ${inputs.length}; choose two or more`);
	if (inputs.length > MAX_RUNS)
		throw new InputError(`runs to compare: ${inputs.length}; at most ${MAX_RUNS}`);
	for (const { record, sums } of inputs) {
		if (!record.metrics.includes(metric))
			throw new InputError(
				`metric ${metric}: not measured in run ${record.id}; it has ${record.metrics.join(', ')}. Choose one that all runs have, or analyse it again`
			);
		if (!record.views.includes(view) || sums.view !== view)
			throw new InputError(
				`view ${view}: not measured in run ${record.id}; it has ${record.views.join(', ')}`
			);
	}
}

function modelOf(
	{ record, sums }: CompareInput,
	matrix: Float64Array,
	metric: Metric,
	name: string,
	letter: string
): ComparedModel {
	const { layers } = sums;
	const resampled = summaryOf(
		sums,
		metric,
		record.windows.map(({ document }) => document)
	);
	const nulls = nullMatrix(sums, metric);
	const nextLayer = nextLayerCurve(matrix, layers);
	const depths = Array.from({ length: layers }, (_, layer) => relativeDepth(layer, layers));
	const perLayer = (values: number[]): Curve => ({ depths, values });
	return {
		run: record.id,
		letter,
		name,
		modelHash: record.model.hash,
		layers,
		windows: record.windows.length,
		matrix: rowsOf(matrix, layers),
		figures: resampled?.summary ?? withoutIntervals(matrix, layers, nextLayer),
		over: resampled?.over ?? null,
		nullPairs: nulls && meanOverPairs(nulls, layers),
		curves: {
			nextLayer,
			meanOverOthers: meanOverOthersCurve(matrix, layers),
			entropyNats: perLayer(record.profile.entropyNats),
			firstTokenMass: perLayer(record.profile.firstTokenMass)
		},
		reach: record.model.reach
	};
}

function withoutIntervals(
	matrix: Float64Array,
	layers: number,
	nextLayer: Curve
): Summary<Interval> {
	const alone = (value: number): Interval => ({ value, low: value, high: value });
	return {
		nextLayer: alone(meanNextLayer(matrix, layers)),
		pairs: alone(meanOverPairs(matrix, layers)),
		peakDepth: alone(peakDepth(nextLayer))
	};
}

function pairOf(
	inputs: readonly CompareInput[],
	matrices: readonly Float64Array[],
	metric: Metric,
	first: number,
	second: number
): ComparedPair {
	const [a, b] = [inputs[first], inputs[second]];
	const map = differenceMap(
		{ matrix: matrices[first], layers: a.sums.layers },
		{ matrix: matrices[second], layers: b.sums.layers }
	);
	const [runA, runB] = [comparedRun(a), comparedRun(b)];
	const notPaired = contextsDiffer(a, b) ?? whyNotPaired(runA, runB, metric);
	if (notPaired !== null) return { first, second, map, paired: null, notPaired };
	const { over, summary, curve, cells } = pairedDifference(runA, runB, metric);
	return {
		first,
		second,
		map: cells ? withIntervals(map, cells) : map,
		paired: {
			over,
			summary,
			curve,
			cells: cells && cellsApart(cells, a.sums.layers)
		},
		notPaired: null
	};
}

/** Windows that begin at the same places but end elsewhere are not the same windows. */
function contextsDiffer(a: CompareInput, b: CompareInput): string | null {
	const [one, other] = [a.record.context, b.record.context];
	return one === other ? null : `the contexts differ (${one} and ${other} tokens)`;
}

function comparedRun({ record, sums }: CompareInput): ComparedRun {
	return { sums, windows: record.windows, texts: record.texts };
}

interface CellDifferences {
	low: Float64Array;
	high: Float64Array;
}

function withIntervals(map: DifferenceMap, { low, high }: CellDifferences): DifferenceMap {
	return { ...map, low: rowsOf(low, map.size), high: rowsOf(high, map.size) };
}

function cellsApart({ low, high }: CellDifferences, layers: number): { apart: number; of: number } {
	let [apart, of] = [0, 0];
	for (let l = 0; l < layers; l++)
		for (let m = l + 1; m < layers; m++) {
			const cell = l * layers + m;
			of++;
			if (isApart({ low: low[cell], high: high[cell] })) apart++;
		}
	return { apart, of };
}

function letterOf(index: number): string {
	return String.fromCharCode('A'.charCodeAt(0) + index);
}

function nameOf(inputs: readonly CompareInput[], index: number): string {
	const names = inputs.map(({ record }) => record.model.name);
	const name = names[index];
	return names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${letterOf(index)})`;
}
