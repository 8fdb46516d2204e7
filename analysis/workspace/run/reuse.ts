import type { Metric, View } from '../../similarity/types.ts';
import type { ListedRun } from './list.ts';
import type { RunRecord } from './types.ts';

/** Requirements that a run must meet to be used in place of a new one. */
export interface WantedRun {
	hash: string;
	tokenizerHash: string;
	texts: readonly { sha256: string }[];
	windows: RunRecord['windows'];
	metric: Metric;
	view: View;
	recall: boolean;
	/** Name of the engine, and what it computes with. */
	engine: Pick<NonNullable<RunRecord['engine']>, 'name' | 'dtype'>;
}

/** Returns the newest run of the same weights, text, windows and engine that has what is wanted; null: there is none. */
export function runLike(
	runs: readonly ListedRun[],
	wanted: WantedRun
): { folder: string; record: RunRecord } | null {
	for (const { folder, record } of runs) {
		if (record !== null && stands(record, wanted)) return { folder, record };
	}
	return null;
}

function stands(record: RunRecord, wanted: WantedRun): boolean {
	const { hash, tokenizerHash, texts, windows, metric, view, recall, engine } = wanted;
	return (
		record.model.hash === hash &&
		record.model.tokenizerHash === tokenizerHash &&
		record.engine?.name === engine.name &&
		record.engine.dtype === engine.dtype &&
		record.metrics.includes(metric) &&
		record.views.includes(view) &&
		// A text that is too short for recall has none however often it is measured.
		(!recall ||
			record.recall !== undefined ||
			record.notes.some((note) => /^recall was not measured: (?!it is turned off)/.test(note))) &&
		same(
			record.texts.map(({ sha256 }) => sha256),
			texts.map(({ sha256 }) => sha256)
		) &&
		same(record.windows, windows)
	);
}

function same(a: unknown, b: unknown): boolean {
	return JSON.stringify(a) === JSON.stringify(b);
}
