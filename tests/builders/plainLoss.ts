import { ForwardPass } from '../../analysis/engine/forward.ts';
import { LanguageHead } from '../../analysis/engine/head.ts';
import { allocateWindow, attentionLayout } from '../../analysis/engine/layout.ts';
import { WeightSource } from '../../analysis/engine/weights.ts';
import { WeightReader } from '../../analysis/model/checkpoint/read.ts';
import type { Checkpoint } from '../../analysis/model/checkpoint/types.ts';

/** Mean loss of a checkpoint on one window of token ids, in nats/token. */
export async function plainLoss(checkpoint: Checkpoint, ids: readonly number[]): Promise<number> {
	const { config } = checkpoint;
	const layout = attentionLayout(config, ids.length);
	const reader = new WeightReader();
	const weights = new WeightSource(checkpoint, reader, { resident: false, hasher: null });
	try {
		const forward = new ForwardPass(config, layout, weights);
		const head = await LanguageHead.open(config, layout.context, weights);
		const state = await forward.start(ids, allocateWindow(layout));
		await forward.run([state]);
		const [losses] = await head.losses([{ hidden: state.hidden, ids }]);
		await forward.release();
		await head.release();
		return losses.reduce((sum, each) => sum + each, 0) / losses.length;
	} finally {
		await weights.release();
		await reader.close();
	}
}
