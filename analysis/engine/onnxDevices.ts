/** Where onnxruntime can run a model: this CPU, or a GPU through WebGPU. */
export type OnnxDevice = 'cpu' | 'webgpu';

/** As they are asked for; `auto`: the faster of those that are there. */
export const ONNX_DEVICES = ['cpu', 'webgpu', 'auto'] as const;
export type AskedDevice = (typeof ONNX_DEVICES)[number];

/** What runs a model, and why where that was not said. */
export interface ChosenDevice {
	device: OnnxDevice;
	/** One sentence; null: it was asked for by name. */
	why: string | null;
}
