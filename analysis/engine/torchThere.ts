import { execFile } from 'node:child_process';

const LOOK_MS = 20_000;
/** PyTorch is loaded from a cold disk. */
const LOAD_MS = 120_000;
/** Looks for what the worker imports, without importing it. */
const LOOK =
	'from importlib.util import find_spec as f; raise SystemExit(0 if all(map(f, ("torch", "transformers", "accelerate", "safetensors", "numpy"))) else 1)';
const DEVICES = ['cuda', 'mps', 'cpu'] as const;
const FIRST_DEVICE =
	'import torch; print("cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu")';

/** State of PyTorch on this machine. */
export interface TorchThere {
	/** True if the Python has all packages that the engine imports. */
	there: boolean;
	/** The Python that was looked at. */
	python: string;
	/** The device that a form begins with; null: not looked for, since PyTorch is loaded for it. */
	device: TorchDevice | null;
}

export type TorchDevice = (typeof DEVICES)[number];

/** Returns true if `python` runs and has all packages that the PyTorch engine imports. Loads none of them. */
export function hasTorch(python: string): Promise<boolean> {
	return new Promise((resolve) => {
		execFile(python, ['-c', LOOK], { timeout: LOOK_MS }, (error) => resolve(error === null));
	});
}

/** The fastest device that PyTorch has here: a GPU, or else the CPU. Loads PyTorch, which takes seconds. */
export function firstDevice(python: string): Promise<TorchDevice> {
	return new Promise((resolve) => {
		execFile(python, ['-c', FIRST_DEVICE], { timeout: LOAD_MS }, (_, output) =>
			resolve(DEVICES.find((device) => device === output.trim()) ?? 'cpu')
		);
	});
}
