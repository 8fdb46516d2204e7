import type { WindowPlan } from '../../engine/windowPlan.ts';
import type { StatisticsRequest } from '../../engine/statistics.ts';
import { sumsFor } from '../../similarity/sums.ts';
import { checkContext, cutWindows } from '../../model/tokens/windows.ts';
import { memoryLimit } from '../../engine/memory.ts';
import { attentionSource, type SourceOutlook } from '../../engine/source.ts';
import type { Model } from '../../model/open.ts';
import type { AnalyzeRequest } from './types.ts';
import { totalWork } from '../../engine/work.ts';

/** An analysis, of a checkpoint or an ONNX model. */
export interface PreparedAnalysis extends WindowPlan, Pick<SourceOutlook, 'capture' | 'path'> {
	model: Model;
}

/**
 * Cuts the windows and lays the run out in memory, without running anything. Throws
 * InputError for whatever is wrong with model, texts or context, and where the memory limit is too low.
 */
export async function prepare(model: Model, request: AnalyzeRequest): Promise<PreparedAnalysis> {
	const source = attentionSource(model);
	const { facts } = model;
	checkContext(request.context, facts);
	const tokenizer = await model.tokenizer(request.tokenizer);
	const { windows, context, notes } = await cutWindows(request.documents, tokenizer, request);
	const wanted = sumsFor(request.metrics);
	const statistics: StatisticsRequest = {
		views: request.views,
		gram: wanted.gram,
		sqrt: wanted.sqrt,
		jsQueries: wanted.js ? request.jsRows : null,
		windowCount: windows.length
	};
	const limit = memoryLimit(request.memoryLimitBytes);
	const outlook = source.outlook(context, statistics, limit);
	return {
		model,
		tokenizer,
		windows,
		context,
		notes: [...source.notes, ...notes],
		statistics,
		...outlook,
		totalWork: totalWork(outlook.work, facts.layers, windows.length)
	};
}
