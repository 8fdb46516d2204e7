import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { writeTinyCheckpoint, writeUnknownFamily } from '../../../tests/builders/checkpoint.ts';
import { writeGguf } from '../../../tests/builders/gguf.ts';
import { ggufOf } from '../../../tests/builders/ggufOf.ts';
import { NO_DOWNLOADS } from '../../../tests/builders/noDownloads.ts';
import { smallDecoderBytes } from '../../../tests/builders/onnxDecoder.ts';
import { cacheFolder } from '../checkpoint/cache.ts';
import { llamaCppFolder, ollamaStores } from './downloaded.ts';
import { discoverModels, placeProblems, type ModelPlaces } from './discover.ts';
import { OnnxExaminer } from './onnx.ts';
import { modelReport } from './report.ts';
import { resolveModel } from './resolve.ts';

const root = new URL('../../../', import.meta.url).pathname;
let home = '';

beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-discover-'));
	await writeTinyCheckpoint(join(home, 'given', 'b-model'));
	await writeTinyCheckpoint(join(home, 'given', 'a-model'), { architecture: 'Qwen3ForCausalLM' });
	await writeTinyCheckpoint(join(home, 'alone', 'mini-llama2'));
	await mkdir(join(home, 'given', 'notes'));
	await mkdir(join(home, 'empty'));

	const hub = join(home, 'hf', 'hub');
	const repository = join(hub, 'models--org--name');
	await writeTinyCheckpoint(join(repository, 'snapshots', '1111111111'));
	await writeTinyCheckpoint(join(repository, 'snapshots', '2222222222'));
	await mkdir(join(repository, 'refs'));
	await writeFile(join(repository, 'refs', 'main'), '2222222222');
	await mkdir(join(hub, 'datasets--org--texts', 'snapshots', '1'), { recursive: true });

	const unnamed = join(hub, 'models--solo', 'snapshots');
	await writeTinyCheckpoint(join(unnamed, 'aaaa'));
	await writeTinyCheckpoint(join(unnamed, 'bbbb'));
	await utimes(join(unnamed, 'bbbb'), 1, 1);
});
afterAll(() => rm(home, { recursive: true }));

const none: ModelPlaces = { bundled: '/nowhere', folders: [], env: NO_DOWNLOADS };

async function ids(places: Partial<ModelPlaces>): Promise<string[]> {
	return (await discoverModels({ ...none, ...places })).map(({ id }) => id);
}

describe('discoverModels', () => {
	test('lists the bundled models with their facts', async () => {
		const listings = await discoverModels({ ...none, bundled: `${root}models` });
		expect(listings.map(({ id, origin, problem }) => [id, origin, problem])).toEqual([
			['mini-llama2', 'bundled', null],
			['mini-llama3', 'bundled', null]
		]);
		expect(listings[1].facts).toMatchObject({ layers: 16, heads: 6, kvHeads: 2 });
	});

	test('a --models folder is a model, or holds some; ids are made unique', async () => {
		const folders = [join(home, 'given'), join(home, 'alone', 'mini-llama2'), join(home, 'given')];
		expect(await ids({ bundled: `${root}models`, folders })).toEqual([
			'mini-llama2',
			'mini-llama3',
			'a-model',
			'b-model',
			'mini-llama2-2'
		]);
	});

	test('a --models folder that is missing or empty is listed as a problem', async () => {
		const folders = [join(home, 'empty'), join(home, 'missing')];
		const listings = await discoverModels({ ...none, folders });
		expect(listings.map(({ problem }) => problem)).toEqual([
			`${home}/empty: no model in it; expected a folder with config.json, or with ONNX or GGUF files, or folders that have some`,
			`${home}/missing: no such folder`
		]);
	});

	test('what is wrong with --models folders is known without looking into any', async () => {
		const folders = [join(home, 'missing'), join(home, 'given'), join(home, 'empty')];
		const problems = await placeProblems(folders);
		expect(problems.map((problem) => problem.split(';')[0])).toEqual([
			`${home}/missing: no such folder`,
			`${home}/empty: no model in it`
		]);
	});

	test('the Hugging Face cache: main by its name, other revisions beside it', async () => {
		expect(await ids({ env: { ...NO_DOWNLOADS, HF_HOME: join(home, 'hf') } })).toEqual([
			'org/name',
			'org/name@11111111',
			'solo',
			'solo@bbbb'
		]);
		const [main] = await discoverModels({
			...none,
			env: { ...NO_DOWNLOADS, HF_HOME: join(home, 'hf') }
		});
		expect(main).toMatchObject({ name: 'org/name', origin: 'cache', problem: null });
		expect(main.folder).toMatch(/models--org--name\/snapshots\/2222222222$/);
	});

	test('what was downloaded and is no checkpoint is listed with the reason', async () => {
		const hub = join(home, 'other');
		const snapshot = join(hub, 'models--org--gguf', 'snapshots', '3333333333');
		await mkdir(snapshot, { recursive: true });
		await writeFile(join(snapshot, 'model.gguf'), '');
		const [listing] = await discoverModels({
			...none,
			env: { ...NO_DOWNLOADS, HF_HUB_CACHE: hub }
		});
		expect(listing.id).toBe('org/gguf');
		expect(listing.problem).toMatch(
			/: it has model\.gguf: a model in GGUF is opened by the path of its file/
		);
	});

	test('GGUF files of a folder are models each, of one in parts the first', async () => {
		const folder = join(home, 'ggufs');
		const { metadata, tensors } = await ggufOf(join(root, 'models', 'mini-llama3'), 'llama-bpe');
		await mkdir(folder, { recursive: true });
		await writeGguf(join(folder, 'tiny.F32.gguf'), metadata, tensors);
		await writeFile(join(folder, 'notes.gguf'), 'no GGUF');
		const listings = await discoverModels({ ...none, folders: [folder] });
		expect(listings).toMatchObject([
			{ id: 'ggufs/tiny.F32', name: 'tiny.F32', form: 'gguf', origin: 'folder' }
		]);
		expect(await modelReport(listings[0])).toMatchObject({
			problem: listings[0].problem,
			files: [{ name: 'tiny.F32.gguf' }]
		});
	});

	test('lists what Ollama and llama.cpp downloaded, by the names that they know it by', async () => {
		const [store, cache] = [join(home, 'ollama'), join(home, 'llama.cpp-downloads')];
		const { metadata, tensors } = await ggufOf(`${root}models/mini-llama3`, 'llama-bpe');
		await mkdir(join(store, 'blobs'), { recursive: true });
		await mkdir(cache);
		const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
		const blob = await writeGguf(
			join(store, 'blobs', digest('a').replace(':', '-')),
			metadata,
			tensors
		);
		await writeGguf(join(cache, 'org_repo_tiny.gguf'), metadata, tensors);
		await writeFile(join(cache, 'manifest=org=repo=latest.json'), '{}');
		const tag = async (path: string, layers: object[]) => {
			const file = join(store, 'manifests', path);
			await mkdir(dirname(file), { recursive: true });
			await writeFile(file, JSON.stringify({ schemaVersion: 2, layers }));
		};
		const part = (letter: string) => ({
			mediaType: 'application/vnd.ollama.image.model',
			digest: digest(letter),
			size: 1
		});
		const other = { mediaType: 'application/vnd.ollama.image.license', digest: digest('c') };
		await tag('registry.ollama.ai/library/mini/1b', [other, part('a')]);
		await tag('registry.ollama.ai/someone/mini/latest', [part('b')]);
		await tag('hf.co/org/repo/Q4_K_M', [part('a')]);
		await tag('registry.ollama.ai/library/odd/remote', [other]);
		await tag('registry.ollama.ai/library/odd/outside', [
			{ ...part('a'), digest: 'sha256:../../etc/passwd' }
		]);
		const env = { ...NO_DOWNLOADS, OLLAMA_MODELS: store, LLAMA_CACHE: cache };
		const listings = await discoverModels({ ...none, env });
		expect(listings.map(({ id, form, origin }) => [id, form, origin])).toEqual([
			['llama.cpp/org_repo_tiny', 'gguf', 'llama.cpp'],
			['ollama/hf.co/org/repo:Q4_K_M', 'gguf', 'ollama'],
			['ollama/mini:1b', 'gguf', 'ollama'],
			['ollama/someone/mini:latest', 'gguf', 'ollama']
		]);
		expect(listings[2]).toMatchObject({ name: 'mini:1b', folder: blob, problem: null });
		expect(listings[2].facts).toMatchObject({ layers: 16, heads: 6, kvHeads: 2 });
		expect(listings[3].problem).toMatch(/sha256-b{64}.*no such file/);
		const list = () => discoverModels({ ...none, env });
		expect(await resolveModel('ollama/mini:1b', list)).toBe(blob);
		expect(await resolveModel('mini:1b', list)).toBe(blob);
	});

	test('one bad folder neither stops nor slows the others: hostile files, links in a circle, a pipe', async () => {
		const hub = join(home, 'hostile');
		const snapshot = async (name: string): Promise<string> => {
			const repository = join(hub, `models--org--${name}`);
			await mkdir(join(repository, 'refs'), { recursive: true });
			await writeFile(join(repository, 'refs', 'main'), 'abc');
			await mkdir(join(repository, 'snapshots', 'abc'), { recursive: true });
			return join(repository, 'snapshots', 'abc');
		};
		const types = '1,'.repeat(1_900_000);
		await writeFile(
			join(await snapshot('types'), 'config.json'),
			`{"architectures":["Qwen3ForCausalLM"],"layer_types":[${types}1]}`
		);
		await writeFile(join(await snapshot('large'), 'config.json'), ' '.repeat(24_000_000));
		await mkdir(join(await snapshot('folder'), 'config.json'));
		const linked = await snapshot('linked');
		for (const name of ['a', 'b']) await symlink('/', join(linked, name));
		const pipe = await snapshot('pipe');
		execFileSync('mkfifo', [
			join(pipe, 'config.json'),
			join(hub, 'models--org--pipe', 'refs', 'fifo')
		]);
		await rm(join(hub, 'models--org--pipe', 'refs', 'main'));
		await rename(
			join(hub, 'models--org--pipe', 'refs', 'fifo'),
			join(hub, 'models--org--pipe', 'refs', 'main')
		);
		await writeTinyCheckpoint(await snapshot('good'));
		const listings = await discoverModels({ ...none, env: { ...NO_DOWNLOADS, HF_HUB_CACHE: hub } });
		const problems = Object.fromEntries(listings.map(({ name, problem }) => [name, problem]));
		expect(problems['org/good']).toBeNull();
		expect(problems['org/types']).toMatch(/config\.json: .{1,200}$/);
		expect(problems['org/large']).toMatch(
			/config\.json: 24000000 bytes; at most 4000000 are allowed$/
		);
		expect(problems['org/folder']).toMatch(/config\.json: a folder; expected a file$/);
		expect(problems['org/linked']).toMatch(/no config\.json/);
		expect(problems['org/pipe']).toMatch(
			/config\.json: cannot be read: a pipe, socket or device; expected a file$/
		);
	});

	test('a bad model is listed with the reason, and the others are listed all the same', async () => {
		const place = join(home, 'mixed');
		await writeTinyCheckpoint(join(place, 'good'));
		await writeTinyCheckpoint(join(place, 'cut'));
		await writeFile(join(place, 'cut', 'model.safetensors'), 'abc');
		await writeTinyCheckpoint(join(place, 'mute'));
		await rm(join(place, 'mute', 'tokenizer.json'));
		await writeUnknownFamily(join(place, 'unknown'));
		await mkdir(join(place, 'other'));
		await writeFile(join(place, 'other', 'config.json'), '{"architectures": ["BertModel"]}');
		const listings = await discoverModels({ ...none, folders: [place] });
		const problems = Object.fromEntries(listings.map(({ id, problem }) => [id, problem]));
		expect(problems.good).toBeNull();
		expect(problems.cut).toMatch(/model\.safetensors: truncated: 3 bytes/);
		expect(problems.mute).toMatch(/no tokenizer\.json; put the model's own beside config\.json/);
		expect(problems.other).toMatch(/architecture is "BertModel"; supported: LlamaForCausalLM/);
		const facts = Object.fromEntries(listings.map(({ id, facts }) => [id, facts]));
		expect(facts.cut).toMatchObject({ ...facts.good, bytes: 3 });
		expect(facts.other).toBeNull();
		// Another engine may run it; whether there is one is not looked at here.
		expect(problems.unknown).toBeNull();
		expect(facts.unknown).toMatchObject({
			layers: 3,
			onlyTorch: 'architecture is "NewForCausalLM"'
		});
		expect(facts.good?.onlyTorch).toBeUndefined();
	});
});

test('the cache is where HF_HUB_CACHE, HF_HOME or XDG_CACHE_HOME say, else in the home folder', () => {
	expect(cacheFolder({ HF_HUB_CACHE: '/a', HF_HOME: '/b' })).toBe('/a');
	expect(cacheFolder({ HF_HOME: '/b', XDG_CACHE_HOME: '/c' })).toBe('/b/hub');
	expect(cacheFolder({ XDG_CACHE_HOME: '/c', HOME: '/d' })).toBe('/c/huggingface/hub');
	expect(cacheFolder({ HOME: '/d' })).toBe('/d/.cache/huggingface/hub');
});

test('Ollama and llama.cpp keep models where their variables say, else in the home folder', () => {
	expect(ollamaStores({ OLLAMA_MODELS: '/a', HOME: '/d' })).toEqual(['/a']);
	expect(ollamaStores({ HOME: '/d' })[0]).toBe('/d/.ollama/models');
	expect(llamaCppFolder({ LLAMA_CACHE: '/a', XDG_CACHE_HOME: '/c' })).toBe('/a');
	expect(llamaCppFolder({ XDG_CACHE_HOME: '/c', HOME: '/d' })).toBe('/c/llama.cpp');
	expect(llamaCppFolder({ HOME: '/d' }, 'linux')).toBe('/d/.cache/llama.cpp');
	expect(llamaCppFolder({ HOME: '/d' }, 'darwin')).toBe('/d/Library/Caches/llama.cpp');
});

describe('resolveModel', () => {
	const resolving = (model: string, places: Partial<ModelPlaces>, examiner?: OnnxExaminer) =>
		resolveModel(model, (wanted) => discoverModels({ ...none, ...places }, examiner, wanted));

	test('takes a listed id, a folder, and org/name from the cache', async () => {
		const places = {
			bundled: `${root}models`,
			env: { ...NO_DOWNLOADS, HF_HOME: join(home, 'hf') }
		};
		expect(await resolving('mini-llama3', places)).toBe(`${root}models/mini-llama3`);
		expect(await resolving('org/name', places)).toMatch(/snapshots\/2222222222$/);
		expect(await resolving('org/name@11111111', places)).toMatch(/snapshots\/1111111111$/);
		expect(await resolving(join(home, 'given'), places)).toBe(join(home, 'given'));
	});

	test('takes the second model of an id by its number, and a name that only one has', async () => {
		const [place, twice] = [join(home, 'numbers'), join(home, 'more-numbers')];
		for (const folder of [join(place, 'phi-2'), join(place, 'x'), join(twice, 'phi-2')]) {
			await writeTinyCheckpoint(folder);
		}
		const folders = [place, twice];
		expect(await resolving('phi-2', { folders })).toBe(join(place, 'phi-2'));
		expect(await resolving('phi-2-2', { folders })).toBe(join(twice, 'phi-2'));
		const { hub, snapshot } = await cachedInt4();
		expect(await resolving('int4', { folders, env: { ...NO_DOWNLOADS, HF_HUB_CACHE: hub } })).toBe(
			join(snapshot, 'cpu', 'int4', 'model.onnx')
		);
	});

	async function cachedInt4() {
		const hub = join(home, 'int4-hub');
		const snapshot = join(hub, 'models--org--four', 'snapshots', '4444444444');
		await mkdir(join(snapshot, 'cpu', 'int4'), { recursive: true });
		await writeFile(join(snapshot, 'cpu', 'int4', 'model.onnx'), smallDecoderBytes());
		return { hub, snapshot };
	}

	test('looks into no ONNX file for a path, nor into those of other models', async () => {
		const { hub, snapshot } = await cachedInt4();
		const file = join(snapshot, 'cpu', 'int4', 'model.onnx');
		const places = { bundled: `${root}models`, env: { ...NO_DOWNLOADS, HF_HUB_CACHE: hub } };
		const examiner = new OnnxExaminer();
		const examined = vi.spyOn(examiner, 'examine');
		expect(await resolving(file, places, examiner)).toBe(file);
		expect(await resolving('mini-llama3', places, examiner)).toBe(`${root}models/mini-llama3`);
		expect(await resolving('tests', places, examiner)).toMatch(/tests$/);
		expect(examined).not.toHaveBeenCalled();
		expect(await resolving('org/four/cpu/int4', places, examiner)).toBe(file);
		expect(examined).toHaveBeenCalledOnce();
	});

	test('refuses what is neither, and says what is known', async () => {
		await expect(resolving('lama', { bundled: `${root}models` })).rejects.toThrow(
			'lama: no such model: neither a folder nor listed; did you mean mini-llama2? Known: mini-llama2, mini-llama3'
		);
		await expect(resolving('./lama', {})).rejects.toThrow(/known: none$/);
	});
});
