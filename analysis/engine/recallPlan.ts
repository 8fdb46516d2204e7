import type { Checkpoint } from '../model/checkpoint/types.ts';
import type { Probes } from '../model/tokens/probes.ts';
import { attentionLayout, windowEntries, type AttentionLayout } from './layout.ts';
import { planMemory, type Holdings, type MemoryPlan } from './memory.ts';
import { forwardWork } from './work.ts';

const FLOAT = 4;
/** Arrays as large as a hidden state that a probe holds, those being made among them. */
const STATES_A_PROBE = 4;

/** Layout, memory and work of running probes. */
export interface RecallPlan {
	probes: Probes;
	layout: AttentionLayout;
	memory: MemoryPlan;
	/** Floating-point operations of one probe: a layer, and the head over the passage that comes again. */
	work: { layer: number; head: number };
}

/** Lays probes out so that they stay under the limit. Throws InputError where not even one fits. */
export function planRecall(checkpoint: Checkpoint, probes: Probes, limitBytes: number): RecallPlan {
	const { config } = checkpoint;
	const layout = attentionLayout(config, probes.context);
	const kept = config.shared === null ? 1 : config.layers;
	const holdings: Holdings = {
		windowCount: probes.probes.length,
		windowBytes: (of) =>
			FLOAT * (windowEntries(of, kept) + STATES_A_PROBE * of.context * config.hidden),
		fixedBytes: () => 0
	};
	const { layer } = forwardWork(config, layout);
	const { head } = forwardWork(config, attentionLayout(config, probes.scored + 1));
	const memory = planMemory(checkpoint, probes.context, holdings, limitBytes);
	return { probes, layout, memory, work: { layer, head } };
}
