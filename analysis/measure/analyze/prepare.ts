import type { WindowPlan } from '../../engine/windowPlan.ts';
import type { StatisticsRequest } from '../../engine/statistics.ts';
import { sumsFor } from '../../similarity/sums.ts';
import { checkContext, cutWindows } from '../../model/tokens/windows.ts';
import { planRecall, type RecallPlan } from '../../engine/recallPlan.ts';
import type { Tokenizer } from '../../model/tokens/types.ts';
import { probesFor } from '../recall.ts';
import { ownOf } from '../shards/shard.ts';
import { memoryLimit } from '../../engine/memory.ts';
import type { CaptureForecast } from '../../engine/engine.ts';
import { engineFor } from '../../engine/engineFor.ts';
import type { SpeedOf } from '../../engine/speed.ts';
import type { TorchSettings } from '../../engine/torchSettings.ts';
import type { Model } from '../../model/open.ts';
import type { AnalyzeRequest } from './types.ts';
import { totalWork } from '../../engine/work.ts';

const ONNX_NOTE =
	'recall was not measured: an analysis measures it of checkpoints; spanwise evaluate measures it of ONNX models too';

/** An analysis, of a checkpoint or an ONNX model. */
export interface PreparedAnalysis
	extends WindowPlan, SpeedOf, Pick<CaptureForecast, 'capture' | 'path'> {
	model: Model;
	torch: TorchSettings | null;
	/** Probes of in-context recall; null: it is not measured. */
	recall: RecallPlan | null;
}

/**
 * Cuts the windows and lays the run out in memory, without running anything. Throws
 * InputError for whatever is wrong with model, texts or context, and where the memory limit is too low.
 */
export async function prepare(model: Model, request: AnalyzeRequest): Promise<PreparedAnalysis> {
	const { torch = null, device = 'cpu', dtype = 'float32' } = request;
	const engine = engineFor(model, torch, { device, dtype });
	const { facts } = model;
	checkContext(request.context, facts);
	const tokenizer = await model.tokenizer(request.tokenizer);
	const cut = await cutWindows(request.documents, tokenizer, request);
	const { context, notes } = cut;
	const windows = ownOf(cut.windows, request.shard);
	const wanted = sumsFor(request.metrics);
	const statistics: StatisticsRequest = {
		views: request.views,
		gram: wanted.gram,
		sqrt: wanted.sqrt,
		jsQueries: wanted.js ? request.jsRows : null,
		// A shard may have none, and runs nothing then.
		windowCount: Math.max(1, windows.length)
	};
	const limit = memoryLimit(request.memoryLimitBytes);
	const forecast = engine.capture(context, statistics, limit);
	const { recall, notes: recallNotes } = await recallOfModel(model, request, tokenizer, limit);
	return {
		model,
		torch,
		// `auto` is decided when it runs.
		...(device === 'webgpu' && { device, dtype }),
		tokenizer,
		windows,
		context,
		statistics,
		...forecast,
		notes: [...forecast.notes, ...notes, ...recallNotes],
		recall,
		totalWork:
			totalWork(forecast.work, facts.layers, windows.length) + recallWork(recall, facts.layers)
	};
}

/** Probes laid out in memory, or why there are none. */
async function recallOfModel(
	model: Model,
	request: AnalyzeRequest,
	tokenizer: Tokenizer,
	limitBytes: number
): Promise<{ recall: RecallPlan | null; notes: string[] }> {
	if (model.form === 'onnx' && request.recall !== false)
		return { recall: null, notes: [ONNX_NOTE] };
	const { probes, notes } = await probesFor(request, tokenizer, model.facts);
	if (probes === null || model.form === 'onnx') return { recall: null, notes };
	const own = { ...probes, probes: ownOf(probes.probes, request.shard) };
	if (own.probes.length === 0) return { recall: null, notes };
	return { recall: planRecall(model.checkpoint, own, limitBytes), notes };
}

function recallWork(recall: RecallPlan | null, layers: number): number {
	if (recall === null) return 0;
	const { probes, work } = recall;
	return probes.probes.length * (layers * work.layer + work.head);
}
