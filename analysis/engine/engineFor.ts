import { InputError } from '../errors.ts';
import type { Model } from '../model/open.ts';
import { checkpointEngine } from './checkpointEngine.ts';
import type { Engine } from './engine.ts';
import type { AskedDevice } from './onnxDevices.ts';
import { onnxEngine } from './onnxEngine.ts';
import { torchEngine } from './torchEngine.ts';
import type { TorchSettings } from './torchSettings.ts';

/** What runs a model: PyTorch where it is asked for, else onnxruntime. `device` is onnxruntime's. Throws InputError where it cannot be run. */
export function engineFor(
	model: Model,
	torch: TorchSettings | null = null,
	device: AskedDevice = 'cpu'
): Engine {
	if (torch !== null) return torchEngine(model, torch);
	if (model.form !== 'onnx') return checkpointEngine(model, device);
	if (device === 'cpu') return onnxEngine(model);
	throw new InputError(
		`device ${device}: ${model.path} is an ONNX model, which runs on the CPU; expected a checkpoint`
	);
}
