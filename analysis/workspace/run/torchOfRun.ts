import type { TorchSettings } from '../../engine/torchSettings.ts';
import type { RunRecord } from './types.ts';

/** How whatever is asked of a run's model has to be run: on PyTorch where that alone runs it; null: as one likes. */
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
