/** Training dynamics: similarity of attention between layers, and loss increases, by checkpoint of a training. */
import type { TorchSettings } from '../engine/torchSettings.ts';
import { meanNextLayer, nextLayerCurve } from '../similarity/curves.ts';
import { summaryOf } from '../similarity/compare.ts';
import { similarityMatrix } from '../similarity/measure.ts';
import type { Metric, View, ViewSums } from '../similarity/types.ts';
import type { RunRecord } from '../workspace/run/types.ts';

/** Loss increases of one checkpoint, nats/token; null: not measurable. */
export interface StepDamage {
	/** By layer: its attention dropped. */
	drop: (number | null)[];
	/** By layer but the first: it reuses the attention of the one before. */
	next: (number | null)[];
}

/** One checkpoint of a training. */
export interface DynamicsStep {
	step: number;
	name: string;
	/** The run that was measured; the model's hash. */
	run: string;
	hash: string;
	/** Mean natural-log loss, nats/token. */
	loss: number;
	/** Loss on the second copy of a repeated passage; null: not measured. */
	recall: number | null;
	/** Mean similarity of neighbouring layers, with its 95% interval; null bounds: none. */
	similarity: { value: number; low: number | null; high: number | null };
	/** Similarity of layers l and l + 1, [L − 1]. */
	pairs: number[];
	/** null: not asked for. */
	damage: StepDamage | null;
}

/** A training, checkpoint by checkpoint. */
export interface Dynamics {
	metric: Metric;
	view: View;
	texts: { name: string; sha256: string }[];
	context: number;
	windows: number;
	/** Engine that made the measurements, with its settings; left out: the program's own. */
	engine?: { name: 'torch' } & TorchSettings;
	steps: DynamicsStep[];
}

/** Returns what one run says of its checkpoint. `sums` are those of the view that is asked for. */
export function dynamicsStep(
	{ step, name }: { step: number; name: string },
	record: RunRecord,
	sums: ViewSums,
	metric: Metric,
	damage: StepDamage | null
): DynamicsStep {
	const matrix = similarityMatrix(sums, metric);
	const documents = record.windows.map(({ document }) => document);
	const value = meanNextLayer(matrix, sums.layers);
	const resampled = summaryOf(sums, metric, documents)?.summary.nextLayer;
	return {
		...{ step, name, run: record.id, hash: record.model.hash, loss: record.loss, damage },
		recall: record.recall?.loss ?? null,
		similarity: { value, low: resampled?.low ?? null, high: resampled?.high ?? null },
		pairs: nextLayerCurve(matrix, sums.layers).values
	};
}
