import { logitsModel } from '../graph/tapped/logits.ts';
import type { OpenedOnnx } from '../model/onnx/open.ts';
import { mean } from '../statistics/figures.ts';
import { LogitsLoss } from './logitsComparison.ts';
import { LogitsPass } from './onnxLogits.ts';

const LOSS_DIGITS = 4;

/**
 * Says what a captured run changes in a model that rounds its activations: the loss of its first window, `tapped`, beside
 * that of the same window run as exported. Throws InputError where the model cannot be run.
 */
export async function untappedNote(
	model: OpenedOnnx,
	ids: readonly number[],
	tapped: number
): Promise<string> {
	const { graph, file } = model.onnx;
	const pass = await LogitsPass.open(logitsModel(model, graph), file);
	const loss = await LogitsLoss.open();
	try {
		const { logits } = await pass.run(ids, null);
		const untapped = mean(await loss.of(ids, logits));
		return (
			`activations are rounded to 8 bits, and reading the attention changes how they are rounded: the loss of window 0 ` +
			`is ${tapped.toFixed(LOSS_DIGITS)} here, ${untapped.toFixed(LOSS_DIGITS)} in the model as exported`
		);
	} finally {
		await pass.release();
		await loss.release();
	}
}
