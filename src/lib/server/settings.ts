import { existsSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '$analysis/projectRoot.ts';
import { isLoopback } from '$analysis/edge/guard.ts';

/** Settings that the server was started with. */
export interface Settings {
	/** The project's own folder: bundled models, sample texts, the built worker. */
	root: string;
	/** The workspace. */
	home: string;
	/** Folders to look for models in, besides the bundled ones and the Hugging Face cache. */
	modelFolders: string[];
	/** Most bytes a worker may use; null: 70% of what is free. */
	memoryLimitBytes: number | null;
	/** Jobs at a time. */
	jobs: number;
	/** The address it was told to listen on; null: nothing was said. */
	host: string | null;
	/** Token that a browser must show before anything else is answered; null: none is needed. */
	token: string | null;
	/** Built from cli/worker.ts. */
	workerFile: string;
	/** Built from cli/reader.ts. */
	readerFile: string;
	/** Path of the model, and file of the plan if any, that /v1/completions scores with; null: no model is served. */
	completions: { model: string; plan: string | null } | null;
	/** Built from cli/scoreWorker.ts. */
	scoreWorkerFile: string;
}

/** Reads the SPANWISE_… variables, which `spanwise serve` sets from its options. */
export function settingsFrom(env: Record<string, string | undefined>): Settings {
	const root = projectRoot();
	const memory = positiveInteger(env, 'SPANWISE_MEMORY');
	return {
		root,
		home: resolve(env.SPANWISE_HOME ?? '.spanwise'),
		modelFolders: (env.SPANWISE_MODELS ?? '').split(delimiter).filter((folder) => folder !== ''),
		memoryLimitBytes: memory,
		jobs: positiveInteger(env, 'SPANWISE_JOBS') ?? 1,
		host: env.HOST ?? null,
		token: env.SPANWISE_TOKEN ? env.SPANWISE_TOKEN : null,
		workerFile: builtFile(root, env, 'worker.js'),
		readerFile: builtFile(root, env, 'reader.js'),
		completions: env.SPANWISE_COMPLETIONS
			? { model: env.SPANWISE_COMPLETIONS, plan: env.SPANWISE_COMPLETIONS_PLAN || null }
			: null,
		scoreWorkerFile: builtFile(root, env, 'scoreWorker.js')
	};
}

/** It can be reached from other machines, and nothing was agreed upon to keep strangers out. */
export function isOpenWithoutToken({ host, token }: Settings): boolean {
	return host !== null && !isLoopback(host) && token === null;
}

function positiveInteger(env: Record<string, string | undefined>, name: string): number | null {
	const text = env[name];
	if (text === undefined || text === '') return null;
	const value = Number(text);
	if (!Number.isSafeInteger(value) || value < 1) {
		throw new Error(`${name}: ${text}; expected a whole number of at least 1`);
	}
	return value;
}

/**
 * A script of the build that this file is part of, which another build does not replace; from the sources, that of the
 * build that `npm run dev` makes anew after every change, which SPANWISE_BUILD names, or else of the newest build.
 */
function builtFile(root: string, env: Record<string, string | undefined>, name: string): string {
	let folder = dirname(fileURLToPath(import.meta.url));
	while (folder !== root) {
		const file = join(folder, 'command', name);
		if (existsSync(file)) return file;
		folder = dirname(folder);
	}
	return env.SPANWISE_BUILD === undefined
		? join(root, 'dist', name)
		: join(env.SPANWISE_BUILD, 'command', name);
}
