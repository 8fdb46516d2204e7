import type { WeightReader } from '../model/checkpoint/read.ts';
import type { Checkpoint } from '../model/checkpoint/types.ts';
import { checkFinite } from '../finite.ts';
import { finalNormGraph, vocabularyGraph } from '../graph/head.ts';
import { ForwardPass, type PlannedLayers } from './forward.ts';
import { allocateSource, attentionLayout } from './layout.ts';
import { createSession, floats, tensor } from './session.ts';
import { WeightSource } from './weights.ts';

/**
 * Computes the logits [S, vocab] of one window, of a checkpoint run as `planned`, or without a plan as it is.
 * Weights are streamed; the logits are all in memory, so windows should be short. Throws InputError where a
 * number is not finite.
 */
export async function engineLogits(
	checkpoint: Checkpoint,
	reader: WeightReader,
	ids: readonly number[],
	planned: Partial<PlannedLayers>
): Promise<Float32Array> {
	const { config } = checkpoint;
	const context = ids.length;
	const layout = attentionLayout(config, context);
	const weights = new WeightSource(checkpoint, reader, { resident: false, hasher: null });
	const forward = new ForwardPass(config, layout, weights);
	const buffer = planned.sources === undefined ? null : allocateSource(layout, planned.sources);
	const state = { ...(await forward.start(ids, buffer)), window: 0 };
	await forward.run([state], planned);
	await forward.release();

	const dims = [context, config.hidden];
	const norm = await createSession(finalNormGraph(config, context));
	const normed = floats(
		await norm.run({
			hidden: tensor(state.hidden, dims),
			...(await weights.finalNorm())
		}),
		'normed'
	);
	await norm.release();
	const logits = new Float32Array(context * config.vocab);
	for await (const { first, count, rows } of weights.vocabulary()) {
		const session = await createSession(vocabularyGraph(config, context, count));
		const outputs = await session.run({
			normed: tensor(normed, dims),
			rows: tensor(rows, [count, config.hidden])
		});
		const part = floats(outputs, 'logits');
		for (let position = 0; position < context; position++) {
			const row = part.subarray(position * count, (position + 1) * count);
			logits.set(row, position * config.vocab + first);
		}
		await session.release();
	}
	checkFinite(logits, checkpoint.folder, 'window 0: a logit');
	return logits;
}
