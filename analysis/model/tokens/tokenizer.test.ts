import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeTinyCheckpoint, type TinyCheckpoint } from '../../../tests/builders/checkpoint.ts';
import { TINY_TOKENIZER_SIZE, tinyTokenizer } from '../../../tests/builders/tokenizer.ts';
import { openCheckpoint } from '../checkpoint/open.ts';
import { InputError } from '../../errors.ts';
import { firstTokens, tokenStarts } from './prefix.ts';
import { loadTokenizer } from './tokenizer.ts';
import type { Tokenizer } from './types.ts';

const root = new URL('../../../', import.meta.url).pathname;

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
		const all = [tokenizer.bosId, ...(await tokenizer.encode(text)).ids];
		expect(all.slice(0, ids.length)).toEqual(ids);
		expect([tokenizer.bosId, ...(await firstTokens(text, 255, tokenizer))]).toEqual(ids);
	});

	test('pieces put together are the text', async () => {
		const tokenizer = await bundled(name);
		const { text } = await reference(name);
		const { ids } = await tokenizer.encode(text);
		expect(tokenizer.pieces(ids).join('').trimStart()).toBe(text);
	});

	test('bytes of the tokens are those of the text, but for a space put before its first word', async () => {
		const tokenizer = await bundled(name);
		const { text } = await reference(name);
		for (const each of [text, ' naïve 🙂\u2581<0x0A>\n  x']) {
			const { ids } = await tokenizer.encode(each);
			const added = tokenizer.pieces(ids)[0].startsWith(' ') && !each.startsWith(' ') ? 1 : 0;
			const bytes = tokenizer.byteLengths(ids).reduce((sum, length) => sum + length, 0);
			// The marker itself cannot be told from a space: 1 byte for its 3.
			const marker = name === 'mini-llama2' && each.includes('\u2581') ? 2 : 0;
			expect(bytes - added).toBe(Buffer.byteLength(each) - marker);
		}
	});

	test('tokens start in the text where their pieces do, in UTF-16 code units', async () => {
		const tokenizer = await bundled(name);
		const text = 'a 🙂🙂 cat';
		const { ids, starts } = await tokenizer.encode(text);
		const last = starts()[ids.length - 1];
		expect(text.slice(last)).toBe(tokenizer.pieces(ids).at(-1));
	});

	test('starts found in pieces are those of the whole, up to a token a piece', async () => {
		const tokenizer = await bundled(name);
		const { text } = await reference(name);
		const long = text.repeat(80);
		const exact = (await tokenizer.encode(long)).ids.length;
		const found = await tokenStarts(long, tokenizer);
		expect(Math.abs(found.length - exact)).toBeLessThanOrEqual(8);
		expect(found.at(-1)).toBeLessThan(long.length);
	});
});

describe('pieces', () => {
	test('byte-level: spaces and newlines are themselves, parts of a character are bytes', async () => {
		const tokenizer = await load(await write());
		expect(tokenizer.pieces((await tokenizer.encode(' the\né')).ids)).toEqual([
			' the',
			'\n',
			'<0xC3>',
			'<0xA9>'
		]);
	});

	test('byte fallback: a byte that is a character is that character, another is written out', async () => {
		const tokenizer = await bundled('mini-llama2');
		expect(tokenizer.pieces((await tokenizer.encode('the\n')).ids)).toEqual([' the', '\n']);
		const pieces = tokenizer.pieces((await tokenizer.encode('🙂')).ids);
		expect(pieces).toEqual([' ', '<0xF0>', '<0x9F>', '<0x99>', '<0x82>']);
	});

	test('bytes: a byte of a character counts one, a special token its name, an unknown id nothing', async () => {
		const tokenizer = await load(await write());
		expect(tokenizer.byteLengths((await tokenizer.encode(' the\né')).ids)).toEqual([4, 1, 1, 1]);
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

	test('tokenizer.json decides, not add_bos_token in tokenizer_config.json, as in transformers 5', async () => {
		const off = { 'tokenizer_config.json': { add_bos_token: false, bos_token: '<|begin|>' } };
		expect((await load(await write({ bos: true }, off))).bosId).toBe(0);
		const on = { 'tokenizer_config.json': { add_bos_token: true, bos_token: '<|end|>' } };
		expect((await load(await write({ bos: false }, on))).bosId).toBeNull();
	});

	test('is none where the post-processor puts a token after the text only', async () => {
		const json = tinyTokenizer(true);
		const template = json.post_processor as { single: unknown[] };
		template.single.reverse();
		expect((await load(await write({}, { 'tokenizer.json': json }))).bosId).toBeNull();
	});

	test('refuses a post-processor that puts several tokens before a text', async () => {
		const json = tinyTokenizer(true);
		const template = json.post_processor as { single: unknown[] };
		template.single.unshift(template.single[0]);
		await expect(load(await write({}, { 'tokenizer.json': json }))).rejects.toThrow(
			'tokenizer.json: puts 2 tokens before a text; expected one or none'
		);
	});
});

describe('loadTokenizer', () => {
	const special = { single_word: false, lstrip: false, rstrip: false, normalized: false };
	const added = (content: string, id: number) => ({ ...special, content, id, special: true });

	test('an embedding of just as many rows as ids is enough, one row less is not', async () => {
		await load(await write({ config: { vocab_size: TINY_TOKENIZER_SIZE } }));
		const small = await write({ config: { vocab_size: TINY_TOKENIZER_SIZE - 1 } });
		await expect(load(small)).rejects.toThrow(
			`tokenizer.json: highest id is ${TINY_TOKENIZER_SIZE - 1}; the embedding has ` +
				`${TINY_TOKENIZER_SIZE - 1} rows, so this tokenizer belongs to another model`
		);
	});

	test('an added token beyond the embedding is an error in the text that has it, and there alone', async () => {
		const json = tinyTokenizer(true);
		const tokens = [...(json.added_tokens as unknown[]), added('<pad>', TINY_TOKENIZER_SIZE)];
		const config = { vocab_size: TINY_TOKENIZER_SIZE };
		const folder = await write({ config }, { 'tokenizer.json': { ...json, added_tokens: tokens } });
		const tokenizer = await load(folder);
		expect((await tokenizer.encode(' the')).ids).toHaveLength(1);
		await expect(tokenizer.encode('the <pad> of paper')).rejects.toThrow(InputError);
		await expect(tokenizer.encode('the <pad> of paper')).rejects.toThrow(
			`tokenizer.json: found in the text: token "<pad>" has id ${TINY_TOKENIZER_SIZE}; the embedding has ${TINY_TOKENIZER_SIZE} rows`
		);
	});

	test('refuses a BOS beyond the embedding', async () => {
		const json = tinyTokenizer(true);
		const tokens = [...(json.added_tokens as unknown[]), added('<bos>', TINY_TOKENIZER_SIZE)];
		const template = JSON.parse(
			JSON.stringify(json.post_processor)
				.replaceAll('<|begin|>', '<bos>')
				.replace('[0]', `[${TINY_TOKENIZER_SIZE}]`)
		) as unknown;
		const config = { vocab_size: TINY_TOKENIZER_SIZE };
		const changed = { ...json, added_tokens: tokens, post_processor: template };
		await expect(load(await write({ config }, { 'tokenizer.json': changed }))).rejects.toThrow(
			`tokenizer.json: puts a token before every text: token "<bos>" has id ${TINY_TOKENIZER_SIZE}`
		);
	});

	test('has the SHA-256 of the file', async () => {
		const folder = await write();
		const bytes = await readFile(join(folder, 'tokenizer.json'));
		const { sha256 } = await load(folder);
		expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
	});

	test('does not read tokenizer_config.json', async () => {
		const folder = await write({}, { 'tokenizer_config.json': [] });
		expect((await load(folder)).bosId).toBe((await load(await write())).bosId);
	});

	test('a truncation or a padding in the file is not for texts that are measured', async () => {
		const json = {
			...tinyTokenizer(false),
			truncation: { direction: 'Right', max_length: 2, strategy: 'LongestFirst', stride: 5 },
			padding: {
				strategy: { Fixed: 64 },
				direction: 'Right',
				pad_to_multiple_of: null,
				pad_id: 0,
				pad_type_id: 0,
				pad_token: '<|begin|>'
			}
		};
		const tokenizer = await load(await write({}, { 'tokenizer.json': json }));
		expect((await tokenizer.encode('xyzxyz')).ids).toHaveLength(6);
	});

	test('refuses a folder without tokenizer.json and says what to do', async () => {
		const folder = await write();
		await rm(join(folder, 'tokenizer.json'));
		await expect(load(folder)).rejects.toThrow(
			`${folder}: no tokenizer.json; put the model's own beside config.json`
		);
	});

	test('refuses what is no tokenizer, and what cannot encode or only at random', async () => {
		const tiny = tinyTokenizer(true);
		const model = tiny.model as object;
		const post = tiny.post_processor as object;
		const fixed = { type: 'FixedLength', length: 0 };
		const broken: [unknown, string][] = [
			[[], 'not a usable tokenizer: '],
			[
				{ ...tiny, model: { type: 'BPE', vocab: { a: -1 }, merges: [] } },
				'not a usable tokenizer: '
			],
			[
				{ ...tiny, model: { ...model, merges: [['a', 'zz']] } },
				'model.merges: "a" and "zz" make "azz", which is not in the vocabulary'
			],
			[
				{ ...tiny, model: { ...model, merges: ['t the'], continuing_subword_prefix: 'th' } },
				'model.merges: "t" and "the" make "te", which is not in the vocabulary'
			],
			[
				{ ...tiny, model: { ...model, continuing_subword_prefix: '##' } },
				'model.merges: "t" is shorter than the continuing_subword_prefix'
			],
			[{ ...tiny, model: { ...model, merges: [['a']] } }, 'not a usable tokenizer: '],
			[{ ...tiny, model: { ...model, dropout: -1 } }, 'not a usable tokenizer: Dropout should be'],
			[
				{ ...tiny, model: { ...model, dropout: 0.1 } },
				'model.dropout: found 0.1, which makes ids random; expected null'
			],
			[{ ...tiny, pre_tokenizer: { type: 'Spaces' } }, 'not a usable tokenizer: '],
			[{ ...tiny, pre_tokenizer: fixed }, 'FixedLength: found length 0; expected at least 1'],
			[
				{ ...tiny, pre_tokenizer: { type: 'Sequence', pretokenizers: [fixed] } },
				'FixedLength: found length 0; expected at least 1'
			],
			[
				{ ...tiny, post_processor: { ...post, special_tokens: {} } },
				'TemplateProcessing: "<|begin|>" is not among its special_tokens'
			]
		];
		for (const [json, message] of broken) {
			const folder = await write({}, { 'tokenizer.json': json });
			await expect(load(folder)).rejects.toThrow(InputError);
			await expect(load(folder)).rejects.toThrow(message);
		}
	});

	test('refuses bytes that are not UTF-8', async () => {
		const folder = await write();
		const file = join(folder, 'tokenizer.json');
		const text = (await readFile(file, 'latin1')).replace('<|end|>', '<|\xE9|>');
		await writeFile(file, text, 'latin1');
		await expect(load(folder)).rejects.toThrow('tokenizer.json: not a usable tokenizer: ');
	});

	test('a text with a character that the vocabulary lacks, and no token for unknown ones, is refused', async () => {
		const model = { type: 'WordLevel', vocab: { the: 0 }, unk_token: '[UNK]' };
		const json = { ...tinyTokenizer(false), added_tokens: [], pre_tokenizer: null, model };
		const tokenizer = await load(await write({}, { 'tokenizer.json': json }));
		expect((await tokenizer.encode('the')).ids).toEqual([0]);
		await expect(tokenizer.encode('cat')).rejects.toThrow(
			'tokenizer.json: cannot encode the text: WordLevel error: Missing [UNK] token'
		);
	});

	test('a token named like a property of every object is a token', async () => {
		const json = tinyTokenizer(false) as { model: { vocab: Record<string, number> } };
		const size = TINY_TOKENIZER_SIZE + 1;
		Object.assign(json.model.vocab, { constructor: size - 1 });
		const tokenizer = await load(
			await write({ config: { vocab_size: size } }, { 'tokenizer.json': json })
		);
		expect(tokenizer.pieces([size - 1])).toEqual(['constructor']);
	});

	test('a text of one huge word takes no time', async () => {
		const tokenizer = await bundled('mini-llama3');
		const begun = performance.now();
		const { ids } = await tokenizer.encode('a'.repeat(10_000));
		expect(ids.length).toBeGreaterThan(0);
		expect(performance.now() - begun).toBeLessThan(5_000);
	});
});
