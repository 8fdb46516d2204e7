import type { RunRecord } from '../workspace/run/types.ts';
import type { Curve } from '../similarity/curves.ts';
import type { Summary } from '../similarity/compare.ts';
import type { Interval, ResampledOver } from '../statistics/resample.ts';
import type { Metric, View, ViewSums } from '../similarity/types.ts';

/** More panels beside one another are too small to compare, and pairs grow with the square. */
export const MAX_RUNS = 6;

/** A run to be compared: its record, and its sums of the view that is compared. */
export interface CompareInput {
	record: RunRecord;
	sums: ViewSums;
}

/** Rule by which the compared spans are chosen: at or above a similarity, or by a number of followers. */
export type SpanChoice =
	{ by: 'similarity'; minSimilarity: number } | { by: 'followers'; followers: number };

/** Matrices are rows, rounded to 7 digits. Everything here can be written as JSON. */
export interface Comparison {
	metric: Metric;
	view: View;
	runs: ComparedModel[];
	/** One for every two runs, first before second. */
	pairs: ComparedPair[];
	spans: ComparedSpans;
	/** Definition cards and facts about the models: only what differs. */
	differing: DifferingFact[];
	/** Findings, in sentences; the first is the answer. */
	summary: string[];
}

export interface ComparedModel {
	/** Run id. */
	run: string;
	/** "A", "B", … in the order given. */
	letter: string;
	/** The model's name; with its letter where two runs are of models of one name. */
	name: string;
	modelHash: string;
	layers: number;
	/** Number of windows of text that were read. */
	windows: number;
	/** [L, L] */
	matrix: number[][];
	/** 95% intervals; equal to the value where there are none (see `over`). */
	figures: Summary<Interval>;
	/** Unit of resampling for the intervals; null: there are none. */
	over: ResampledOver | null;
	/** Mean null over all pairs of layers: how alike they are on different texts; null where there is none. */
	nullPairs: number | null;
	/** Per layer against relative depth. */
	curves: Record<CurveName, Curve>;
	/** Sliding window of each layer; null: none. */
	reach: (number | null)[];
}

export const CURVE_NAMES = [
	'nextLayer',
	'meanOverOthers',
	'entropyNats',
	'firstTokenMass'
] as const;
export type CurveName = (typeof CURVE_NAMES)[number];

export interface ComparedPair {
	/** Indices into `runs`; every difference is first minus second. */
	first: number;
	second: number;
	map: DifferenceMap;
	/** null where the runs cannot be paired. */
	paired: {
		over: ResampledOver;
		summary: Summary<Interval>;
		/** Similarity to the next layer at common relative depths. */
		curve: { depths: number[]; difference: Interval[] };
		/** Pairs of layers whose interval leaves out 0 by more than rounding, and all pairs; null where layer counts differ. */
		cells: { apart: number; of: number } | null;
	} | null;
	/** Reason that they cannot; null: they can. */
	notPaired: string | null;
}

/** First minus second, cell by cell. */
export interface DifferenceMap {
	/** Rows and columns: layers where both have as many, else steps of relative depth. */
	size: number;
	/** The runs have different numbers of layers, and each cell shows the layers nearest to its depths. */
	atDepth: boolean;
	difference: number[][];
	/** 95% intervals; null where the runs are not paired or differ in layers. */
	low: number[][] | null;
	high: number[][] | null;
}

export interface ComparedSpans {
	choice: SpanChoice;
	maxSpan: number;
	/** One per run, in order. */
	plans: ComparedPlan[];
	/** One for every two runs. */
	overlaps: SpanOverlap[];
}

export interface ComparedPlan {
	followers: number;
	/** Fewer followers than asked for fit this model. */
	fewer: boolean;
	spans: DepthSpan[];
}

/** A span and the stretch of the model's depth that its layers take up, 0 to 1. */
export interface DepthSpan {
	source: number;
	followers: number[];
	/** Layer l of L takes up l/L to (l + 1)/L. */
	from: number;
	to: number;
	/** Mean similarity of the followers to the source. */
	score: number;
}

export interface SpanOverlap {
	first: number;
	second: number;
	/** Fraction of the depth that spans of both take up. */
	shared: number;
	/** Fraction of the depth that spans of either take up. */
	either: number;
	/** shared / either; null where neither has a span. */
	share: number | null;
}

/** A fact on which the runs differ. */
export interface DifferingFact {
	group: 'definition' | 'model';
	title: string;
	/** One per run, in order. */
	values: (string | number)[];
}
