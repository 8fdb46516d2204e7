import { InputError } from '../errors.ts';
import type { Model } from '../model/open.ts';
import { checkpointEngine } from './checkpointEngine.ts';
import type { Engine } from './engine.ts';
import { ON_CPU, type OnnxSettings } from './onnxDevices.ts';
import { onnxEngine } from './onnxEngine.ts';
import { torchEngine } from './torchEngine.ts';
import type { TorchSettings } from './torchSettings.ts';

const ONNX_ON_CPU = 'runs on the CPU: an ONNX model does; WebGPU is for checkpoints';

/** Returns a model's engine: PyTorch by `torch`, else onnxruntime by `onnx`. Throws InputError if it cannot run. */
export function engineFor(
	model: Model,
	torch: TorchSettings | null = null,
	onnx: OnnxSettings = ON_CPU
): Engine {
	if (torch !== null) return torchEngine(model, torch);
	const { device, dtype } = onnx;
	if (dtype === 'float16' && device !== 'webgpu')
		throw new InputError(
			`dtype float16: of device webgpu, or of the PyTorch engine; found device ${device}`
		);
	if (model.form !== 'onnx') return checkpointEngine(model, onnx);
	if (device !== 'webgpu') return onnxEngine(model, device === 'auto' ? [ONNX_ON_CPU] : []);
	throw new InputError(
		`device ${device}: ${model.path} is an ONNX model, which runs on the CPU; expected a checkpoint`
	);
}
