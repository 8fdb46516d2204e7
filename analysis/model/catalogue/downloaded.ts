import { homedir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { readJsonFile } from '../../edge/json.ts';
import { parseOrNull } from '../../edge/parse.ts';
import { children } from '../checkpoint/cache.ts';
import { modelsIn, type FoundModel } from './folders.ts';

/** Registry and owner of Ollama's own models, which their names leave out. */
const OWN_REGISTRY = ['registry.ollama.ai', 'library'];
/** Folders that lead from `manifests` to a tag: registry, owner, model. */
const MANIFEST_DEPTH = 3;
/** The kind of the part of a manifest that is a GGUF file. */
const MODEL_PART = 'application/vnd.ollama.image.model';
/** Folder of Ollama's models where it runs as a service of a Linux system. */
const SERVICE_STORE = '/usr/share/ollama/.ollama/models';

const manifest = v.object({
	layers: v.array(v.object({ mediaType: v.string(), digest: v.string() }))
});

type Environment = Readonly<Record<string, string | undefined>>;

/** The GGUF files that Ollama and llama.cpp have downloaded, under the names that these programs know them by. */
export async function downloadedModels(env: Environment): Promise<FoundModel[]> {
	const found = await llamaCppModels(llamaCppFolder(env));
	for (const store of ollamaStores(env)) found.push(...(await ollamaModels(store)));
	return found;
}

/** Returns the folders of Ollama's models: OLLAMA_MODELS, or the user's own and the system service's. */
export function ollamaStores(env: Environment): string[] {
	if (env.OLLAMA_MODELS) return [env.OLLAMA_MODELS];
	return [join(env.HOME ?? homedir(), '.ollama', 'models'), SERVICE_STORE];
}

/** Returns the folder of llama.cpp downloads: LLAMA_CACHE, XDG_CACHE_HOME or ~/.cache, on macOS ~/Library/Caches. */
export function llamaCppFolder(env: Environment, platform: string = process.platform): string {
	if (env.LLAMA_CACHE) return env.LLAMA_CACHE;
	const home = env.HOME ?? homedir();
	const caches = platform === 'darwin' ? join(home, 'Library', 'Caches') : join(home, '.cache');
	return join(env.XDG_CACHE_HOME ?? caches, 'llama.cpp');
}

async function llamaCppModels(folder: string): Promise<FoundModel[]> {
	const id = 'llama.cpp';
	return (await modelsIn({ id, name: id, folder, origin: 'llama.cpp' })).gguf;
}

/** Every tag of every model in a store of Ollama; two tags may be one file. */
async function ollamaModels(store: string): Promise<FoundModel[]> {
	const found: FoundModel[] = [];
	for (const path of await tags(join(store, 'manifests'), MANIFEST_DEPTH)) {
		const file = join(store, 'manifests', ...path);
		const read = parseOrNull(manifest, await readJsonFile(file).catch(() => null));
		const part = read?.layers.find(({ mediaType }) => mediaType === MODEL_PART);
		const digest = /^sha256:([0-9a-f]{64})$/.exec(part?.digest ?? '')?.[1];
		if (digest === undefined) continue;
		const name = ollamaName(path);
		const folder = join(store, 'blobs', `sha256-${digest}`);
		found.push({ id: `ollama/${name}`, name, folder, form: 'gguf', origin: 'ollama' });
	}
	return found;
}

/** Names of folders and file that lead to each tag. */
async function tags(folder: string, depth: number): Promise<string[][]> {
	const found: string[][] = [];
	for (const name of await children(folder)) {
		const below = depth === 0 ? [[]] : await tags(join(folder, name), depth - 1);
		found.push(...below.map((rest) => [name, ...rest]));
	}
	return found;
}

/** "qwen3:0.6b", "owner/model:tag" or "hf.co/owner/model:tag", as `ollama list` says. */
function ollamaName(path: readonly string[]): string {
	const [registry, owner, model, tag] = path;
	const own = OWN_REGISTRY[0] === registry;
	const before = !own ? [registry, owner] : owner === OWN_REGISTRY[1] ? [] : [owner];
	return `${[...before, model].join('/')}:${tag}`;
}
