import type { ResultSummary, StoredResult } from '../../measure/results/types.ts';
import type { Plan } from '../../plan/types.ts';
import type { Similarity } from '../../similarity/types.ts';
import type { Labels } from '../../workspace/labels/label.ts';
import type { RunRecord } from '../../workspace/run/types.ts';

/** All that a report is made of. */
export interface ReportSource {
	run: RunRecord;
	/** Of every metric and view of the run. */
	similarities: readonly Similarity[];
	/** Measurements of the same weights, newest first. */
	results: readonly StoredResult[];
	/** The same in short. */
	summaries: readonly ResultSummary[];
	/** Names, tags and notes that a person gave the run and its measurements. */
	labels: Labels;
	/** The plan that the report is about; null: what was measured says. */
	plan: Plan | null;
}

/** A map of layers by layers as the script of a report draws it. */
export interface PackedMap {
	/** "similarity", "damage", "recall", "output" */
	map: string;
	/** Description of the map, in a sentence. */
	about: string;
	/** '' where the map is of no metric. */
	metric: string;
	view: string;
	/** True if a row is a source and a column its follower. */
	directed: boolean;
	/** Base64 of float32 [L, L], little-endian; NaN where there is nothing. null: not defined for this map. */
	value: string;
	null: string | null;
	low: string | null;
	high: string | null;
	/** Unit that intervals were resampled over, in words; '' where there are none. */
	interval: string;
	/** Quantities of the map that a reader can choose between. */
	shows: readonly PackedShow[];
}

/** One look at a map. */
export interface PackedShow {
	show: 'similarity' | 'null' | 'excess' | 'width';
	/** Meaning of the colours. */
	legend: string;
	/** Note needed to read the colours; '' where none is. */
	key: string;
	range: readonly [number, number];
	/** Index into `tables`. */
	table: number;
}

/** Data that the script of a report is given. */
export interface PackedMaps {
	layers: number;
	/** Base64 of bytes [256, 3]: red, green, blue of a colour scale over its range. */
	tables: readonly string[];
	maps: readonly PackedMap[];
	plans: readonly {
		spans: readonly { first: number; last: number }[];
		dropped: readonly number[];
	}[];
}
