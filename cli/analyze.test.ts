import {
	copyFile,
	mkdir,
	mkdtemp,
	readdir,
	readFile,
	rm,
	truncate,
	writeFile
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cachedOnnx } from '../tests/builders/cachedOnnx.ts';
import { runCommand } from '../tests/builders/command.ts';
import { letterTokenizer } from '../tests/builders/letterTokenizer.ts';
import { writeRunnableOnnx } from '../tests/builders/onnxFolder.ts';
import { roundingActivations } from '../tests/builders/roundedOnnx.ts';
import { writeTinyCheckpoint } from '../tests/builders/checkpoint.ts';
import type { RunRecord } from '../analysis/workspace/run/types.ts';

const TEXT = 'the sea and the hand and the rain on the sand. '.repeat(40);

let folder: string;
let home: string;
let text: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-analyze-'));
	home = at('home');
	text = at('text.txt');
	await writeFile(text, TEXT);
	await writeTinyCheckpoint(at('tiny'));
});

afterAll(() => rm(folder, { recursive: true }));

function analyze(...args: string[]) {
	return runCommand(['analyze', ...args, '--home', home]);
}

const small = ['--context', '32', '--windows', '2'];

async function recordOf(run: string): Promise<RunRecord> {
	return JSON.parse(await readFile(join(run, 'run.json'), 'utf8')) as RunRecord;
}

/** Runs of the workspace, finished or not. */
async function runs(): Promise<string[]> {
	return readdir(join(home, 'runs')).catch(() => []);
}

describe('spanwise analyze', () => {
	it('prints the id of the run and nothing else on stdout; the estimate goes to stderr first', async () => {
		const { code, stdout, stderr } = await analyze(at('tiny'), '--text', text, ...small);
		expect(code).toBe(0);
		expect(stdout).toMatch(/^tiny-\d{8}-\d{6}-[0-9a-f]{4}\n$/);
		expect(await runs()).toContain(stdout.trim());
		expect(stderr).toMatch(
			/(^|\n)tiny, 2 × 32 tokens: will take .* of memory \(limit .*\) and roughly/
		);
	});

	it('says every note of the run once, also what only running it tells', async () => {
		const model = at('rounded');
		const proto = roundingActivations(cachedOnnx({ form: 'groupQueryPacked4bit' }));
		await writeRunnableOnnx(model, proto, letterTokenizer());
		const out = at('rounded-run');
		const { stderr } = await analyze(model, '--text', text, ...small, '--out', out);
		const { notes } = await recordOf(out);
		const said = stderr.split('\n').filter((line) => line.startsWith('note: '));
		expect(said).toEqual(notes.map((note) => `note: ${note}`));
		expect(stderr).toMatch(/the loss of window 0 is [\d.]+ here, [\d.]+ in the model as exported/);
	});

	it('refuses a device without the engine that has one, and a device that there is not', async () => {
		const without = await analyze(at('tiny'), '--text', text, ...small, '--device', 'cuda');
		expect(without).toMatchObject({ code: 2, stdout: '' });
		expect(without.stderr).toContain('--device cuda: of the torch engine; add --engine torch');
		const half = await analyze(at('tiny'), '--text', text, ...small, '--dtype', 'float16');
		expect(half).toMatchObject({ code: 2, stdout: '' });
		expect(half.stderr).toContain(
			'--dtype float16: of the torch engine; add --engine torch, or --device webgpu, which has float16'
		);
		const none = await analyze(at('tiny'), '--text', text, '--engine', 'torch', '--device', 'gpu');
		expect(none.code).toBe(2);
		expect(none.stderr).toContain(
			'found "gpu"; allowed: cpu, webgpu, cuda, cuda:N, mps, auto, cuda:all'
		);
	});

	it('says how to name a Python where the torch engine finds none', async () => {
		const torch = ['--engine', 'torch', '--python', at('no-python')];
		const { code, stdout, stderr } = await analyze(at('tiny'), '--text', text, ...small, ...torch);
		expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
		expect(stderr).toContain('no-python: not found; the PyTorch engine needs Python 3.10 or newer');
	});

	it('--json prints exactly what was made, and run is the --out path as it was given', async () => {
		const out = at('out-run');
		const { stdout } = await analyze(at('tiny'), '--text', text, ...small, '--out', out, '--json');
		const result = JSON.parse(stdout) as Record<string, unknown>;
		expect(Object.keys(result)).toEqual([
			'run',
			'model',
			'tokens',
			'windows',
			'seconds',
			'peakRssBytes'
		]);
		expect(result).toMatchObject({ run: out, model: 'tiny', tokens: 64, windows: 2 });
	});

	it('keeps a command that makes the same run again', async () => {
		const models = await mkdtemp(join(folder, 'models with space-'));
		await writeTinyCheckpoint(join(models, 'other'));
		const given = ['other', '--text', text, ...small, '--views', 'all', '--metrics', 'js,cosine'];
		await analyze(...given, '--js-rows', 'all', '--models', models, '--out', at('first'));
		const first = await recordOf(at('first'));
		expect(first.command).toBe(
			`spanwise analyze other --text ${text} --context 32 --windows 2 --metrics cosine,js --views all --js-rows all --models '${models}'`
		);
		const words = first.command.replaceAll("'", '').replace(models, 'MODELS').split(' ').slice(2);
		const again = words.map((word) => (word === 'MODELS' ? models : word));
		await analyze(...again, '--out', at('second'));
		const second = await recordOf(at('second'));
		expect(second.command).toBe(first.command);
		for (const file of Object.keys(first.files)) {
			const [one, other] = [join(at('first'), file), join(at('second'), file)];
			expect(await readFile(one)).toEqual(await readFile(other));
		}
	});

	it('reads - from stdin', async () => {
		const { code, stdout } = await runCommand(
			['analyze', at('tiny'), '--text', '-', ...small, '--home', home],
			{ stdin: TEXT }
		);
		expect(code).toBe(0);
		const { texts } = await recordOf(join(home, 'runs', stdout.trim()));
		expect(texts).toMatchObject([{ name: 'stdin', characters: TEXT.length }]);
	});

	it('refuses an --out that exists, before anything is read', async () => {
		const { code, stdout, stderr } = await analyze('nope', '--text', 'nope', '--out', folder);
		expect([code, stdout]).toEqual([2, '']);
		expect(stderr).toBe(`error: ${folder}: exists already; name a folder that does not\n`);
	});
});

/** A copy of the tiny model, changed for the worse. */
async function broken(name: string, spoil: (model: string) => Promise<unknown>): Promise<string> {
	const model = at(name);
	await mkdir(model);
	for (const file of await readdir(at('tiny'))) {
		await copyFile(join(at('tiny'), file), join(model, file));
	}
	await spoil(model);
	return model;
}

const weights = 'model.safetensors';

async function changeConfig(model: string, change: Record<string, unknown>): Promise<void> {
	const file = join(model, 'config.json');
	const config = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
	await writeFile(file, JSON.stringify({ ...config, ...change }));
}

describe('bad input: one line, exit 2, nothing on stdout and no run, whole or half', () => {
	it.each<[string, string[], RegExp]>([
		['a model that is not there', ['nope'], /nope: no such model: .*known: mini-llama2/],
		['a context beyond the positions', ['tiny', '--context', '257'], /257 tokens; .* at most 256/],
		['no memory', ['tiny', '--memory', '1M'], /memory: one window of .* the limit is 1\.0 MB/]
	])('%s', async (_, [model, ...rest], message) => {
		const named = model === 'tiny' ? at(model) : model;
		await expectRefusal([named, '--text', text, ...small, ...rest], message);
	});

	it.each<[string, (model: string) => Promise<unknown>, RegExp]>([
		['no config.json', (model) => rm(join(model, 'config.json')), /no config\.json/],
		[
			'an architecture we do not support',
			(model) => changeConfig(model, { architectures: ['BloomForCausalLM'] }),
			/BloomForCausalLM.*LlamaForCausalLM/
		],
		['truncated weights', (model) => truncate(join(model, weights), 5000), /model\.safetensors/],
		[
			'a header longer than its file',
			(model) => writeFile(join(model, weights), Buffer.from('ffffff0000000000', 'hex')),
			/header/
		],
		[
			'a misshapen tensor',
			(model) => changeConfig(model, { intermediate_size: 64 }),
			/expected \[/
		],
		[
			'a missing tensor',
			(model) => changeConfig(model, { num_hidden_layers: 4 }),
			/missing tensor/
		],
		['no weights', (model) => rm(join(model, weights)), /no weights/],
		['no tokenizer', (model) => rm(join(model, 'tokenizer.json')), /no tokenizer\.json/]
	])('a model with %s', async (name, spoil, message) => {
		const model = await broken(name.replaceAll(' ', '-'), spoil);
		await expectRefusal([model, '--text', text, ...small], message);
	});

	it('a model with a missing shard', async () => {
		await writeTinyCheckpoint(at('sharded'), { shards: 2 });
		await rm(join(at('sharded'), 'model-00002-of-00002.safetensors'));
		await expectRefusal([at('sharded'), '--text', text, ...small], /missing shard model-00002/);
	});

	it('a tokenizer with more ids than the embedding has rows', async () => {
		await writeTinyCheckpoint(at('fewer-rows'), { config: { vocab_size: 100 } });
		await expectRefusal([at('fewer-rows'), '--text', text, ...small], /the embedding has 100 rows/);
	});

	it.each<[string, Uint8Array | null, RegExp]>([
		['that is empty', Buffer.from(' \n'), /the text is empty/],
		['that is not UTF-8', Buffer.from([0x61, 0xe9, 0x62]), /not UTF-8: byte 1 is 0xE9/],
		['that is not there', null, /cannot be read: ENOENT/]
	])('a text %s', async (name, bytes, message) => {
		const file = at(name.replaceAll(' ', '-'));
		if (bytes) await writeFile(file, bytes);
		await expectRefusal([at('tiny'), '--text', file, ...small], message);
	});

	it('stdin twice', async () => {
		await expectRefusal([at('tiny'), '--text', '-', '-', ...small], /"-" twice; allowed: once/);
	});

	it('a workspace that is a file', async () => {
		const { code, stdout, stderr } = await runCommand([
			...['analyze', at('tiny'), '--text', text, ...small],
			...['--home', text]
		]);
		expect([code, stdout]).toEqual([2, '']);
		expect(stderr).not.toContain('    at ');
		expect(stderr.trimEnd().split('\n').at(-1)).toContain(
			'a parent of this path is not a directory'
		);
	});
});

async function expectRefusal(args: string[], message: RegExp): Promise<void> {
	const before = await runs();
	const { code, stdout, stderr } = await analyze(...args);
	expect([code, stdout]).toEqual([2, '']);
	expect(stderr).toMatch(message);
	expect(stderr.match(/\n/g)).toHaveLength(1);
	expect(await runs()).toEqual(before);
}
