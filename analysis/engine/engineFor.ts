import type { Model } from '../model/open.ts';
import { checkpointEngine } from './checkpointEngine.ts';
import type { Engine } from './engine.ts';
import { onnxEngine } from './onnxEngine.ts';
import { torchEngine } from './torchEngine.ts';
import type { TorchSettings } from './torchSettings.ts';

/** What runs a model: PyTorch where it is asked for, else onnxruntime. Throws InputError where it cannot be run. */
export function engineFor(model: Model, torch: TorchSettings | null = null): Engine {
	if (torch !== null) return torchEngine(model, torch);
	return model.form === 'onnx' ? onnxEngine(model) : checkpointEngine(model);
}
