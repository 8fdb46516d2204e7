import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeTinyCheckpoint, type TinyCheckpoint } from '../../tests/builders/checkpoint.ts';
import { TINY_TOKENIZER_SIZE, tinyTokenizer } from '../../tests/builders/tokenizer.ts';
import { openCheckpoint } from '../checkpoint/open.ts';
import { InputError } from '../errors.ts';
import { countTokens, firstTokens } from './prefix.ts';
import { loadTokenizer } from './tokenizer.ts';
import type { Tokenizer } from './types.ts';
import { splitAtMarks } from './wordwise.ts';

const root = new URL('../../', import.meta.url).pathname;

interface Reference {
	text: string;
	ids: number[];
}

async function reference(name: string): Promise<Reference> {
	const file = `${root}tests/fixtures/reference/${name}.json`;
	return JSON.parse(await readFile(file, 'utf8')) as Reference;
}

async function bundled(name: string): Promise<Tokenizer> {
	const { config, folder } = await openCheckpoint(`${root}models/${name}`);
	return loadTokenizer(folder, config);
}

let home = '';
let made = 0;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-tokenizer-'));
});
afterAll(() => rm(home, { recursive: true }));

/** A tiny model's folder, with files of its own in place of those written by default. */
async function write(
	tiny: TinyCheckpoint = {},
	files: Record<string, unknown> = {}
): Promise<string> {
	const folder = join(home, `model-${made++}`);
	await writeTinyCheckpoint(folder, tiny);
	for (const [name, json] of Object.entries(files)) {
		await writeFile(join(folder, name), JSON.stringify(json));
	}
	return folder;
}

async function load(folder: string): Promise<Tokenizer> {
	const { config } = await openCheckpoint(folder);
	return loadTokenizer(folder, config);
}

describe.each(['mini-llama2', 'mini-llama3'])('%s', (name) => {
	test('ids are those of Hugging Face transformers, BOS first', async () => {
		const tokenizer = await bundled(name);
		const { text, ids } = await reference(name);
		const all = [tokenizer.bosId, ...tokenizer.encode(text)];
		expect(all.slice(0, ids.length)).toEqual(ids);
		expect([...[tokenizer.bosId], ...firstTokens(text, 255, tokenizer)]).toEqual(ids);
	});

	test('pieces put together are the text', async () => {
		const tokenizer = await bundled(name);
		const { text } = await reference(name);
		expect(tokenizer.pieces(tokenizer.encode(text)).join('').trimStart()).toBe(text);
	});

	test('bytes of the tokens are those of the text, but for a space put before its first word', async () => {
		const tokenizer = await bundled(name);
		const { text } = await reference(name);
		for (const each of [text, ' naïve 🙂\u2581<0x0A>\n  x']) {
			const ids = tokenizer.encode(each);
			const added = tokenizer.pieces(ids)[0].startsWith(' ') && !each.startsWith(' ') ? 1 : 0;
			const bytes = tokenizer.byteLengths(ids).reduce((sum, length) => sum + length, 0);
			// The marker itself cannot be told from a space: 1 byte for its 3.
			const marker = name === 'mini-llama2' && each.includes('\u2581') ? 2 : 0;
			expect(bytes - added).toBe(Buffer.byteLength(each) - marker);
		}
	});

	test('counting in pieces counts what encoding the whole does, up to a token a piece', async () => {
		const tokenizer = await bundled(name);
		const { text } = await reference(name);
		const long = text.repeat(80);
		const exact = tokenizer.encode(long).length;
		expect(Math.abs(countTokens(long, tokenizer) - exact)).toBeLessThanOrEqual(8);
	});
});

describe('pieces', () => {
	test('byte-level: spaces and newlines are themselves, parts of a character are bytes', async () => {
		const tokenizer = await load(await write());
		expect(tokenizer.pieces(tokenizer.encode(' the\né'))).toEqual([
			' the',
			'\n',
			'<0xC3>',
			'<0xA9>'
		]);
	});

	test('byte fallback: a byte that is a character is that character, another is written out', async () => {
		const tokenizer = await bundled('mini-llama2');
		expect(tokenizer.pieces(tokenizer.encode('the\n'))).toEqual([' the', '\n']);
		const pieces = tokenizer.pieces(tokenizer.encode('🙂'));
		expect(pieces).toEqual([' ', '<0xF0>', '<0x9F>', '<0x99>', '<0x82>']);
	});

	test('bytes: a byte of a character counts one, a special token its name, an unknown id nothing', async () => {
		const tokenizer = await load(await write());
		expect(tokenizer.byteLengths(tokenizer.encode(' the\né'))).toEqual([4, 1, 1, 1]);
		expect(tokenizer.byteLengths([1, 99999])).toEqual(['<|end|>'.length, 0]);
	});

	test('special tokens by their names, unknown ids by number', async () => {
		const tokenizer = await load(await write());
		expect(tokenizer.pieces([0, 1, 99999])).toEqual(['<|begin|>', '<|end|>', '<id 99999>']);
	});
});

describe('bosId', () => {
	test('is what encoding with special tokens puts first, or null', async () => {
		expect((await load(await write({ bos: true }))).bosId).toBe(0);
		expect((await load(await write({ bos: false }))).bosId).toBeNull();
	});

	test('add_bos_token in tokenizer_config.json stands before the post-processor', async () => {
		const off = { 'tokenizer_config.json': { add_bos_token: false, bos_token: '<|begin|>' } };
		expect((await load(await write({ bos: true }, off))).bosId).toBeNull();
		const on = {
			'tokenizer_config.json': { add_bos_token: true, bos_token: { content: '<|end|>' } }
		};
		expect((await load(await write({ bos: false }, on))).bosId).toBe(1);
	});
});

describe('loadTokenizer', () => {
	test('an embedding of just as many rows as ids is enough, one row less is not', async () => {
		const tokenizer = await load(await write({ config: { vocab_size: TINY_TOKENIZER_SIZE } }));
		expect(tokenizer.size).toBe(TINY_TOKENIZER_SIZE);
		const small = await write({ config: { vocab_size: TINY_TOKENIZER_SIZE - 1 } });
		await expect(load(small)).rejects.toThrow(
			`tokenizer.json: highest id is ${TINY_TOKENIZER_SIZE - 1}; the embedding has ` +
				`${TINY_TOKENIZER_SIZE - 1} rows, so this tokenizer belongs to another model`
		);
	});

	test('counts added tokens, and ids far beyond the vocabulary', async () => {
		const json = { ...tinyTokenizer(true), added_tokens: [{ id: 1e9, content: '<x>' }] };
		await expect(load(await write({}, { 'tokenizer.json': json }))).rejects.toThrow(
			'tokenizer.json: highest id is 1000000000; the embedding has'
		);
	});

	test('refuses a folder without tokenizer.json and says what to do', async () => {
		const folder = await write();
		await rm(join(folder, 'tokenizer.json'));
		await expect(load(folder)).rejects.toThrow(
			`${folder}: no tokenizer.json; put the model's own beside config.json`
		);
	});

	test('refuses what is no tokenizer', async () => {
		const broken: [unknown, RegExp][] = [
			[[], /tokenizer\.json: not a tokenizer: no usable vocabulary/],
			[{ model: { vocab: { a: -1 } } }, /not a tokenizer: no usable vocabulary/],
			[{ model: { type: 'BPE', vocab: { a: 1 } } }, /tokenizer\.json: cannot be used: /]
		];
		for (const [json, message] of broken) {
			const folder = await write({}, { 'tokenizer.json': json });
			await expect(load(folder)).rejects.toThrow(InputError);
			await expect(load(folder)).rejects.toThrow(message);
		}
	});

	test('a token named like a property of every object is a token', async () => {
		const json = tinyTokenizer(false) as { model: { vocab: Record<string, number> } };
		const size = TINY_TOKENIZER_SIZE + 1;
		Object.assign(json.model.vocab, { constructor: size - 1 });
		const folder = await write({ config: { vocab_size: size } }, { 'tokenizer.json': json });
		const tokenizer = await load(folder);
		expect(tokenizer.size).toBe(size);
		expect(tokenizer.pieces([size - 1])).toEqual(['constructor']);
	});
});

describe('splitAtMarks', () => {
	const split = (pre_tokenizer: unknown, tokens: string[], type = 'BPE'): unknown =>
		splitAtMarks({ pre_tokenizer }, { type }, tokens).pre_tokenizer;
	const metaspace = (split?: boolean): unknown => ({ type: 'Metaspace', split });

	test('splits where the tokenizer asks for it, each mark a word of its own', () => {
		for (const asked of [metaspace(), metaspace(true)]) {
			expect(split(asked, ['a\u2581b'])).toMatchObject({
				type: 'Sequence',
				pretokenizers: [asked, { type: 'Split', pattern: { Regex: '▁[^▁]*|[^▁]+' } }]
			});
		}
	});

	test('where it does not, splits runs of marks from what precedes them if no token reaches across', () => {
		const asked = metaspace(false);
		expect(split(asked, ['▁▁', '▁a'])).toMatchObject({
			pretokenizers: [asked, { pattern: { Regex: '▁+[^▁]*|[^▁]+' } }]
		});
		expect(split(null, ['▁a'])).toMatchObject({ pretokenizers: [{ type: 'Split' }] });
		expect(split(asked, ['▁a', 'a▁b'])).toBe(asked);
		expect(split(asked, ['▁a'], 'Unigram')).toBe(asked);
		expect(split(null, ['Ġa'])).toBeNull();
	});

	test('the ids do not change with the split', async () => {
		const file = `${root}models/mini-llama2/tokenizer.json`;
		const json = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
		const whole = new HuggingFaceTokenizer({ ...json, pre_tokenizer: metaspace(false) }, {});
		const tokenizer = await bundled('mini-llama2');
		const { text } = await reference('mini-llama2');
		for (const sample of [text, ' a  b\n\n   c ', 'x', '▁ ▁▁y', '🙂 é']) {
			const { ids } = whole.encode(sample, { add_special_tokens: false });
			// The two agree as long as no token of the vocabulary holds two marks.
			expect(tokenizer.encode(sample)).toEqual(ids);
		}
	});
});
