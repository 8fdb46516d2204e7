import type { WeightReader } from '../model/checkpoint/read.ts';
import type { Checkpoint } from '../model/checkpoint/types.ts';
import { mean } from '../statistics/figures.ts';
import type { Reporter } from '../telemetry/reporter.ts';
import { ForwardPass } from './forward.ts';
import { LanguageHead } from './head.ts';
import { InductionSums } from './induction.ts';
import { allocateWindow } from './layout.ts';
import type { RecallPlan } from './recallPlan.ts';
import { WeightSource } from './weights.ts';

/** In-context recall of a model, and which heads look where it comes from. */
export interface CapturedRecall {
	/** Mean loss of the second copy without its first tokens, nats/token, over probes. */
	loss: number;
	/** [L][H]: mean attention from a token of the second copy to the token after its first occurrence. */
	induction: number[][];
}

/**
 * Runs the probes through a checkpoint, group by group. Each layer's probabilities are looked at when it has run and then
 * written over. Throws InputError where a hidden state or a loss is not finite.
 */
export async function captureRecall(
	checkpoint: Checkpoint,
	{ probes, layout, memory, work }: RecallPlan,
	reader: WeightReader,
	reporter: Reporter
): Promise<CapturedRecall> {
	const { config } = checkpoint;
	const tail = probes.scored + 1;
	const weights = new WeightSource(checkpoint, reader, { resident: memory.resident, hasher: null });
	const forward = new ForwardPass(config, layout, weights);
	const head = await LanguageHead.open(config, tail, weights);
	// A model whose layers follow others by its own making still needs those layers' probabilities.
	const buffers = Array.from({ length: memory.windowsPerGroup }, () =>
		config.shared === null
			? {
					...allocateWindow(layout, [0]),
					slots: new Array<number | null>(config.layers).fill(0)
				}
			: allocateWindow(layout)
	);
	const sums = new InductionSums(layout, probes);
	const recall: number[] = [];
	for (let first = 0; first < probes.probes.length; first += buffers.length) {
		const group = probes.probes.slice(first, first + buffers.length);
		const states = [];
		for (const [at, { ids }] of group.entries())
			states.push({ ...(await forward.start(ids, buffers[at])), window: first + at });
		await forward.run(states, {
			onLayer: (layer, at) => {
				sums.add(buffers[at], layer);
				reporter.addLayer(work.layer, 'recall', first + at, layer);
			}
		});
		const losses = await head.losses(
			states.map(({ hidden }, at) => ({
				hidden: hidden.subarray(-tail * config.hidden),
				ids: group[at].ids.slice(-tail)
			}))
		);
		for (const of of losses) recall.push(mean(of));
		reporter.add(group.length * work.head, 'recall', first + group.length);
	}
	await forward.release();
	await head.release();
	await weights.release();
	return { loss: mean(recall), induction: sums.means() };
}
