/** The PyTorch engine as it is asked for. */
export interface TorchSettings {
	/** As PyTorch names it: "cpu", "cuda", "cuda:1", "mps"; "auto" spreads the model over all GPUs. */
	device: string;
	dtype: TorchDtype;
}

export const TORCH_DTYPES = ['float32', 'bfloat16', 'float16'] as const;
export type TorchDtype = (typeof TORCH_DTYPES)[number];

/** What PyTorch calls a device, and `auto`. */
export const TORCH_DEVICE = /^(cpu|mps|auto|cuda(:\d{1,2})?)$/;

/** The Python that runs the worker: SPANWISE_PYTHON, else python3. */
export function pythonOf(env: Record<string, string | undefined>): string {
	return env.SPANWISE_PYTHON || 'python3';
}
