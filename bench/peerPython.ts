import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hasTorch } from '../analysis/engine/torchThere.ts';

/** Packages of the environment: those that the PyTorch engine imports. */
const PACKAGES = ['torch', 'transformers', 'accelerate', 'safetensors'];

/**
 * A Python that has transformers: the one that SPANWISE_PYTHON names, else python3, where they have it, and otherwise one
 * of its own outside of the clone, made by pip the first time.
 */
export async function peerPython(): Promise<string> {
	for (const python of [process.env.SPANWISE_PYTHON, 'python3'])
		if (python && (await hasTorch(python))) return python;
	const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
	const folder = join(cache, 'spanwise', 'peer');
	const python = join(folder, 'bin', 'python');
	if (existsSync(python) && (await hasTorch(python))) return python;
	console.error(`makes ${folder}, a Python environment with ${PACKAGES.join(', ')}`);
	await promisify(execFile)('python3', ['-m', 'venv', folder]);
	const { status } = spawnSync(python, ['-m', 'pip', 'install', '--quiet', ...PACKAGES], {
		stdio: 'inherit'
	});
	if (status !== 0)
		throw new Error(
			`pip could not install ${PACKAGES.join(', ')} in ${folder}; name a Python that has them with SPANWISE_PYTHON`
		);
	return python;
}
