import type { TorchSettings } from '../../engine/torchSettings.ts';
import type { RunRecord } from './types.ts';

/** Returns the PyTorch settings for further work on a run's model, if PyTorch alone runs it; null: any engine does. */
export function torchOfRun({
	model,
	engine
}: {
	model: Pick<RunRecord['model'], 'onlyTorch'>;
	engine?: RunRecord['engine'];
}): TorchSettings | null {
	if (model.onlyTorch === undefined) return null;
	return { device: engine?.device ?? 'cpu', dtype: engine?.dtype ?? 'float32' };
}
