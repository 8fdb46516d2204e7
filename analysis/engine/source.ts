import type { AttentionLayout } from './layout.ts';
import type { StatisticsRequest } from './statistics.ts';
import type { Window } from '../model/tokens/types.ts';
import type { EnginePath } from './path.ts';
import type { Model } from '../model/open.ts';
import type { Captured } from './captureSums.ts';
import { checkpointSource } from './checkpointSource.ts';
import type { MemoryPlan } from './memory.ts';
import { onnxSource } from './onnxSource.ts';
import type { Reporter } from '../telemetry/reporter.ts';
import type { Stopwatch } from '../telemetry/stopwatch.ts';
import type { WindowWork } from './work.ts';

/** How windows of one length will be run. */
export interface SourceOutlook {
	layout: AttentionLayout;
	memory: MemoryPlan;
	work: WindowWork;
	/** How the model runs; results record it. */
	path: EnginePath;
	/**
	 * Runs the windows and sums up what their attention says; `home` is the workspace, where hashes are remembered.
	 */
	capture(
		windows: readonly Window[],
		home: string,
		reporter: Reporter,
		stopwatch: Stopwatch
	): Promise<Captured>;
}

/** A model whose attention can be captured: a checkpoint run layer by layer, or an ONNX model run as it is. */
export interface AttentionSource {
	/** What the user should know of its runs. */
	notes: readonly string[];
	/** Lays windows out so that they stay under the limit; throws InputError where not even one does. */
	outlook(context: number, statistics: StatisticsRequest, limitBytes: number): SourceOutlook;
}

/** How the attention of a model is captured. Throws InputError where it cannot be. */
export function attentionSource(model: Model): AttentionSource {
	return model.form === 'checkpoint' ? checkpointSource(model) : onnxSource(model);
}
