import { engineFor } from '../../engine/engineFor.ts';
import { memoryLimit } from '../../engine/memory.ts';
import type { PlansForecast } from '../../engine/plans.ts';
import type { TorchSettings } from '../../engine/torchSettings.ts';
import type { Prepared } from '../../engine/windowPlan.ts';
import { InputError } from '../../errors.ts';
import { requireOwnAttention } from '../../model/checkpoint/shared.ts';
import { requireCheckpoint, type CheckpointModel, type Model } from '../../model/open.ts';
import { checkContext, cutWindows } from '../../model/tokens/windows.ts';
import { probesFor } from '../recall.ts';
import type { Shard } from '../shards/shard.ts';
import type { Sample } from './sample.ts';
import type { DamageRequest } from './types.ts';

/** Everything that is known before the model runs. */
export interface PreparedDamage extends Omit<
	Prepared,
	'layout' | 'statistics' | 'work' | 'totalWork'
> {
	model: CheckpointModel;
	torch: TorchSettings | null;
	maxSpan: number;
	plans: PlansForecast;
	/** Windows of text, and probes of in-context recall where it is measured. */
	samples: Sample[];
	/** The shard whose windows and probes are measured; left out: all. */
	shard?: Shard;
}

/** The least layers of a span: a source and a follower. */
const LEAST_SPAN = 2;

/**
 * Cuts the windows and lays the measurement out in memory, without running anything. Throws
 * InputError for whatever is wrong with model, texts, context or longest span, and where the memory limit is
 * too low.
 */
export async function prepareDamage(model: Model, request: DamageRequest): Promise<PreparedDamage> {
	const { maxSpan } = request;
	if (!(Number.isInteger(maxSpan) && maxSpan >= LEAST_SPAN)) {
		throw new InputError(
			`longest span: ${maxSpan}; allowed: a whole number of layers, ${LEAST_SPAN} or more`
		);
	}
	requireCheckpoint(model);
	const { checkpoint } = model;
	requireOwnAttention(checkpoint, 'damage');
	const { config } = checkpoint;
	checkContext(request.context, config);
	const tokenizer = await model.tokenizer();
	const { windows, context, notes } = await cutWindows(request.documents, tokenizer, request);
	const { probes, notes: probeNotes } = await probesFor(request, tokenizer, config);
	const samples = [
		{ of: 'text' as const, windows, context, scored: context - 1 },
		...(probes === null
			? []
			: [
					{
						of: 'recall' as const,
						windows: probes.probes,
						context: probes.context,
						scored: probes.scored
					}
				])
	];
	const { torch = null } = request;
	const plans = engineFor(model, torch).plans({
		samples: samples.map((sample) => ({ ...sample, windowCount: sample.windows.length })),
		limitBytes: memoryLimit(request.memoryLimitBytes)
	});
	return {
		model,
		torch,
		checkpoint,
		tokenizer,
		windows,
		context,
		notes: [...plans.notes, ...notes, ...probeNotes],
		memory: plans.memory,
		maxSpan,
		plans,
		samples: samples.map((sample, at) => ({ ...sample, work: plans.work[at] })),
		...(request.shard && { shard: request.shard })
	};
}
