import { InputError } from '../errors.ts';
import {
	curveAt,
	depthGrid,
	meanNextLayer,
	meanOverPairs,
	nextLayerCurve,
	peakDepth
} from './curves.ts';
import { similarityMatrix } from './measure.ts';
import {
	drawWindows,
	intervalOf,
	RESAMPLES,
	type Draws,
	type Interval,
	type ResampledOver
} from '../statistics/resample.ts';
import { pairResampler } from './resample.ts';
import type { Metric, ViewSums } from './types.ts';

/** Relative depths at which curves of two models are compared: 0, 0.05, …, 1. */
export const CURVE_POINTS = 21;

/** One view of a run, with what says whether another run read the same windows of text. */
export interface ComparedRun {
	sums: ViewSums;
	windows: readonly { document: number; start: number }[];
	texts: readonly { sha256: string }[];
}

/** Few numbers that sum up one matrix of similarities. */
export interface Summary<Figure> {
	/** Mean similarity of neighbouring layers. */
	nextLayer: Figure;
	/** Mean over all pairs l < m. */
	pairs: Figure;
	/** Relative depth at which similarity to the next layer is highest. */
	peakDepth: Figure;
}

/** First run minus second, both resampled with the same windows. */
export interface PairedDifference {
	over: ResampledOver;
	summary: Summary<Interval>;
	/** Similarity to the next layer at CURVE_POINTS relative depths. */
	curve: { depths: number[]; difference: Interval[] };
	/** Per cell [L, L]; null where the numbers of layers differ. */
	cells: { difference: Float64Array; low: Float64Array; high: Float64Array } | null;
}

/**
 * The summary numbers of one run with their intervals; null where there are no intervals (see
 * `cellIntervals`).
 */
export function summaryOf(
	sums: ViewSums,
	metric: Metric,
	documents: readonly number[]
): { over: ResampledOver; summary: Summary<Interval> } | null {
	const draws = drawWindows(documents);
	if (draws === null || !isResampled(metric) || sums.windows === null) return null;
	const value = figures(similarityMatrix(sums, metric), sums.layers);
	const samples = resampledFigures(sums, metric, draws);
	return { over: draws.over, summary: summarize((key) => intervalOf(value[key], samples[key])) };
}

/** Says why two runs cannot be paired; null where they can. */
export function whyNotPaired(a: ComparedRun, b: ComparedRun, metric: Metric): string | null {
	if (!isResampled(metric)) return `metric ${metric} has no per-window sums`;
	if (a.sums.view !== b.sums.view) return 'the views differ';
	if (a.texts.map(({ sha256 }) => sha256).join() !== b.texts.map(({ sha256 }) => sha256).join())
		return 'the texts differ';
	const places = ({ windows }: ComparedRun) =>
		windows.map(({ document, start }) => `${document}:${start}`).join();
	if (places(a) !== places(b)) return 'the windows begin at different places of the text';
	if (a.windows.length < 2) return 'one window has no interval';
	if (a.sums.windows === null || b.sums.windows === null)
		return 'per-window sums were not collected';
	return null;
}

/**
 * Differences a − b with 95% intervals: per summary number, along the next-layer curve at common
 * relative depths, and per cell where both have as many layers. Each resample draws the same windows of
 * both. Throws InputError where the runs cannot be paired.
 */
export function pairedDifference(a: ComparedRun, b: ComparedRun, metric: Metric): PairedDifference {
	const problem = whyNotPaired(a, b, metric);
	const draws = drawWindows(a.windows.map(({ document }) => document));
	if (problem !== null || draws === null || !isResampled(metric))
		throw new InputError(`paired difference: ${problem ?? 'not defined'}`);

	const [matrixA, matrixB] = [similarityMatrix(a.sums, metric), similarityMatrix(b.sums, metric)];
	const [valuesA, valuesB] = [figures(matrixA, a.sums.layers), figures(matrixB, b.sums.layers)];
	const [samplesA, samplesB] = [a, b].map(({ sums }) => resampledFigures(sums, metric, draws));
	const summary = summarize((key) =>
		intervalOf(valuesA[key] - valuesB[key], difference(samplesA[key], samplesB[key]))
	);
	return {
		over: draws.over,
		summary,
		curve: {
			depths: depthGrid(CURVE_POINTS),
			difference: valuesA.curve.map((value, i) =>
				intervalOf(value - valuesB.curve[i], difference(samplesA.curve[i], samplesB.curve[i]))
			)
		},
		cells:
			a.sums.layers === b.sums.layers
				? cellDifferences(a.sums, b.sums, [matrixA, matrixB], metric, draws)
				: null
	};
}

type ResampledMetric = 'cosine' | 'cosine-mean';

function isResampled(metric: Metric): metric is ResampledMetric {
	return metric === 'cosine' || metric === 'cosine-mean';
}

function summarize(figure: (key: keyof Summary<Interval>) => Interval): Summary<Interval> {
	return {
		nextLayer: figure('nextLayer'),
		pairs: figure('pairs'),
		peakDepth: figure('peakDepth')
	};
}

function figures(matrix: Float64Array, layers: number): Summary<number> & { curve: number[] } {
	const curve = nextLayerCurve(matrix, layers);
	return {
		nextLayer: meanNextLayer(matrix, layers),
		pairs: meanOverPairs(matrix, layers),
		peakDepth: peakDepth(curve),
		curve: curveAt(curve, depthGrid(CURVE_POINTS))
	};
}

/** The same figures in every resample, [RESAMPLES] each. */
function resampledFigures(
	sums: ViewSums,
	metric: ResampledMetric,
	draws: Draws
): Summary<Float64Array> & { curve: Float64Array[] } {
	const { layers } = sums;
	const fill = pairResampler(sums, metric, draws);
	const depths = depthGrid(CURVE_POINTS);
	const [nextLayer, pairs, peaks, samples] = [0, 0, 0, 0].map(() => new Float64Array(RESAMPLES));
	/** [L − 1][RESAMPLES] */
	const neighbours: Float64Array[] = [];
	const pairCount = (layers * (layers - 1)) / 2;
	for (let l = 0; l < layers; l++)
		for (let m = l + 1; m < layers; m++) {
			fill(l, m, samples);
			if (m === l + 1) neighbours.push(Float64Array.from(samples));
			for (let r = 0; r < RESAMPLES; r++) pairs[r] += samples[r] / pairCount;
		}
	const curve = depths.map(() => new Float64Array(RESAMPLES));
	const pairDepths = nextLayerCurve(new Float64Array(layers * layers), layers).depths;
	for (let r = 0; r < RESAMPLES; r++) {
		const resampled = { depths: pairDepths, values: neighbours.map((values) => values[r]) };
		nextLayer[r] =
			resampled.values.reduce((sum, value) => sum + value, 0) / Math.max(1, layers - 1);
		peaks[r] = peakDepth(resampled);
		curveAt(resampled, depths).forEach((value, i) => (curve[i][r] = value));
	}
	return { nextLayer, pairs, peakDepth: peaks, curve };
}

function cellDifferences(
	a: ViewSums,
	b: ViewSums,
	[matrixA, matrixB]: Float64Array[],
	metric: ResampledMetric,
	draws: Draws
): PairedDifference['cells'] {
	const { layers } = a;
	const [fillA, fillB] = [pairResampler(a, metric, draws), pairResampler(b, metric, draws)];
	const [samplesA, samplesB] = [new Float64Array(RESAMPLES), new Float64Array(RESAMPLES)];
	const cells = matrixA.map((value, i) => value - matrixB[i]);
	const [low, high] = [Float64Array.from(cells), Float64Array.from(cells)];
	for (let l = 0; l < layers; l++)
		for (let m = l + 1; m < layers; m++) {
			const cell = l * layers + m;
			fillA(l, m, samplesA);
			fillB(l, m, samplesB);
			const interval = intervalOf(cells[cell], difference(samplesA, samplesB));
			low[cell] = low[m * layers + l] = interval.low;
			high[cell] = high[m * layers + l] = interval.high;
		}
	return { difference: cells, low, high };
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
	return a.map((value, i) => value - b[i]);
}
