import { execFile } from 'node:child_process';

const TIMEOUT_MS = 20_000;
/** Looks for what the worker imports, without importing it. */
const LOOK =
	'from importlib.util import find_spec as f; raise SystemExit(0 if all(map(f, ("torch", "transformers", "accelerate", "safetensors"))) else 1)';

/** Whether a Python is there that has all that the PyTorch engine imports. Nothing of it is loaded. */
export function hasTorch(python: string): Promise<boolean> {
	return new Promise((resolve) => {
		execFile(python, ['-c', LOOK], { timeout: TIMEOUT_MS }, (error) => resolve(error === null));
	});
}
