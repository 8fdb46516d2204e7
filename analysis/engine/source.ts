import type { AttentionLayout } from './layout.ts';
import type { StatisticsRequest } from './statistics.ts';
import type { Window } from '../model/tokens/types.ts';
import type { EnginePath } from './path.ts';
import type { ModelFacts } from '../model/checkpoint/types.ts';
import { findOnnxFile } from '../model/onnx/locate.ts';
import type { Captured } from './captureSums.ts';
import { openCheckpointSource } from './checkpointSource.ts';
import type { MemoryPlan } from './memory.ts';
import { openOnnxSource } from './onnxSource.ts';
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
	/** Short name for people. */
	name: string;
	/** Absolute path of what MODEL meant: a folder, or an ONNX file. */
	folder: string;
	facts: ModelFacts;
	/** Folder that tokenizer.json is looked for in, or the file. */
	tokenizer: string;
	/** What the user should know of its runs. */
	notes: string[];
	/** Lays windows out so that they stay under the limit; throws InputError where not even one does. */
	outlook(context: number, statistics: StatisticsRequest, limitBytes: number): SourceOutlook;
	/** Hash of the weights (see the run's format); what a run has read of them is not read again. */
	hash(home: string): Promise<string>;
	close(): Promise<void>;
}

/** Opens what MODEL means, without running anything. Throws InputError that says what is wrong with it. */
export async function openSource(model: string): Promise<AttentionSource> {
	const file = await findOnnxFile(model);
	return file === null ? openCheckpointSource(model) : openOnnxSource(file);
}
