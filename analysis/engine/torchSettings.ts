/** The PyTorch engine as it is asked for. */
export interface TorchSettings {
	/**
	 * As PyTorch names it: "cpu", "cuda", "cuda:1", "mps"; "auto" spreads the model over all GPUs; "cuda:all" is a process for
	 * each GPU, "cpu:2" two on the CPU, which share the windows.
	 */
	device: string;
	dtype: TorchDtype;
}

export const TORCH_DTYPES = ['float32', 'bfloat16', 'float16'] as const;
export type TorchDtype = (typeof TORCH_DTYPES)[number];

/** Pattern of devices: a name in PyTorch, `auto`, or several processes that divide the windows among them. */
export const TORCH_DEVICES = /^(cpu(:[2-9])?|mps|auto|cuda(:\d{1,2}|:all)?)$/;

/** Returns the number of processes of a device as torchrun's option has it; null: a single one, without torchrun. */
export function processesOf(device: string): string | null {
	if (device === 'cuda:all') return 'gpu';
	return /^cpu:(\d)$/.exec(device)?.[1] ?? null;
}

/** The Python that runs the worker: SPANWISE_PYTHON, else python3. */
export function pythonOf(env: Record<string, string | undefined>): string {
	return env.SPANWISE_PYTHON || 'python3';
}
