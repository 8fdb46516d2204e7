/** Devices on which onnxruntime can run a model: this CPU, or a GPU through WebGPU. */
export type OnnxDevice = 'cpu' | 'webgpu';

/** As they are asked for; `auto`: the faster of those that are there. */
export const ONNX_DEVICES = ['cpu', 'webgpu', 'auto'] as const;
export type AskedDevice = (typeof ONNX_DEVICES)[number];

/** Types in which the products with weights are computed; all else is float32. float16 needs WebGPU. */
export const ONNX_DTYPES = ['float32', 'float16'] as const;
export type OnnxDtype = (typeof ONNX_DTYPES)[number];

/** Device and type that onnxruntime is asked to run a model with. */
export interface OnnxSettings {
	device: AskedDevice;
	dtype: OnnxDtype;
}

/** Default settings of onnxruntime. */
export const ON_CPU: OnnxSettings = { device: 'cpu', dtype: 'float32' };

/** Device that runs a model, with the reason where the program chose it. */
export interface ChosenDevice {
	device: OnnxDevice;
	/** Left out: float32. */
	dtype?: OnnxDtype;
	/** One sentence; null: it was asked for by name. */
	why: string | null;
}
