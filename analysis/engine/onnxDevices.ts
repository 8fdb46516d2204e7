/** Where onnxruntime can run a model: this CPU, or a GPU through WebGPU. */
export type OnnxDevice = 'cpu' | 'webgpu';

/** As they are asked for; `auto`: the faster of those that are there. */
export const ONNX_DEVICES = ['cpu', 'webgpu', 'auto'] as const;
export type AskedDevice = (typeof ONNX_DEVICES)[number];

/** What the products of layers with their weights are computed in; all else is float32. float16 is of WebGPU alone. */
export const ONNX_DTYPES = ['float32', 'float16'] as const;
export type OnnxDtype = (typeof ONNX_DTYPES)[number];

/** Where and in what onnxruntime is to run a model. */
export interface OnnxSettings {
	device: AskedDevice;
	dtype: OnnxDtype;
}

/** How onnxruntime runs a model where nothing else is asked for. */
export const ON_CPU: OnnxSettings = { device: 'cpu', dtype: 'float32' };

/** What runs a model, and why where that was not said. */
export interface ChosenDevice {
	device: OnnxDevice;
	/** Left out: float32. */
	dtype?: OnnxDtype;
	/** One sentence; null: it was asked for by name. */
	why: string | null;
}
