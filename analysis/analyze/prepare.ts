import { openCheckpoint } from '../checkpoint/open.ts';
import type { Checkpoint } from '../checkpoint/types.ts';
import { attentionLayout, type AttentionLayout } from '../capture/layout.ts';
import type { StatisticsRequest } from '../capture/statistics.ts';
import { sumsFor } from '../similarity/sums.ts';
import { loadTokenizer } from '../tokens/tokenizer.ts';
import { checkContext, cutWindows } from '../tokens/windows.ts';
import type { Tokenizer, Window } from '../tokens/types.ts';
import { analysisHoldings, memoryLimit, planMemory, type MemoryPlan } from './memory.ts';
import type { AnalyzeRequest } from './types.ts';
import { totalWork, windowWork, type WindowWork } from './work.ts';

/** Everything that is known before the model runs. */
export interface Prepared {
	checkpoint: Checkpoint;
	tokenizer: Tokenizer;
	windows: Window[];
	/** Tokens in each window, BOS included; shorter than asked for where no text is long enough. */
	context: number;
	notes: string[];
	layout: AttentionLayout;
	statistics: StatisticsRequest;
	memory: MemoryPlan;
	work: WindowWork;
	totalWork: number;
}

/**
 * Opens the model, cuts the windows and lays the run out in memory, without running anything. Throws
 * InputError for whatever is wrong with model, texts or context, and where the memory limit is too low.
 */
export async function prepare(request: AnalyzeRequest): Promise<Prepared> {
	const checkpoint = await openCheckpoint(request.modelFolder);
	const { config } = checkpoint;
	checkContext(request.context, config);
	const tokenizer = await loadTokenizer(request.modelFolder, config);
	const { windows, context, notes } = cutWindows(request.documents, tokenizer, request);
	const wanted = sumsFor(request.metrics);
	const statistics: StatisticsRequest = {
		views: request.views,
		gram: wanted.gram,
		sqrt: wanted.sqrt,
		jsQueries: wanted.js ? request.jsRows : null,
		windowCount: windows.length
	};
	const memory = planMemory(
		checkpoint,
		context,
		analysisHoldings(config, statistics),
		memoryLimit(request.memoryLimitBytes)
	);
	const layout = attentionLayout(config, context);
	const work = windowWork(config, layout, statistics);
	return {
		checkpoint,
		tokenizer,
		windows,
		context,
		notes,
		layout,
		statistics,
		memory,
		work,
		totalWork: totalWork(work, config.layers, windows.length)
	};
}
