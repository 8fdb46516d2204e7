import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyCheckpoint } from '../../../tests/builders/checkpoint.ts';
import { writeGguf, type GgufTensorBytes, type GgufValue } from '../../../tests/builders/gguf.ts';
import { ggufOf } from '../../../tests/builders/ggufOf.ts';
import { openCheckpoint } from '../checkpoint/open.ts';
import { readGgufHeader } from './header.ts';
import { openGguf } from './open.ts';
import { WeightReader } from '../checkpoint/read.ts';
import type { TensorEntry } from '../checkpoint/types.ts';
import { loadTokenizer } from '../tokens/tokenizer.ts';
import { dequantise } from './dequantise.ts';

const LLAMA2 = 'models/mini-llama2';
const LLAMA3 = 'models/mini-llama3';
const TEXT = 'static/samples/walden.txt';
const CHARACTERS = 40_000;
const Q8_0 = 8;

let home: string;
let plain: { metadata: Record<string, GgufValue>; tensors: GgufTensorBytes[] };
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-gguf-'));
	plain = await ggufOf(LLAMA3, 'llama-bpe');
});
afterAll(() => rm(home, { recursive: true }));

const write = (
	name: string,
	metadata: Readonly<Record<string, GgufValue>> = plain.metadata,
	tensors: readonly GgufTensorBytes[] = plain.tensors
) => writeGguf(join(home, name), metadata, tensors);

async function valuesOf(entry: TensorEntry | undefined): Promise<Float32Array> {
	if (entry === undefined) throw new Error('no such tensor');
	const values = new Float32Array(entry.shape.reduce((product, size) => product * size, 1));
	const reader = new WeightReader();
	await reader.readInto(entry, values, 0);
	await reader.close();
	return values;
}

/** Element by element; toEqual takes minutes over millions. */
const isSame = (a: Float32Array, b: Float32Array) =>
	Buffer.from(a.buffer).equals(Buffer.from(b.buffer));

describe('a GGUF file of a Llama checkpoint', () => {
	it('opens as that checkpoint: config, names, and every weight in its place', async () => {
		const opened = await openGguf(await write('mini.gguf'));
		const original = await openCheckpoint(LLAMA3);
		expect(opened.name).toBe('mini');
		expect(opened.parameters).toBe(original.parameters);
		expect({ ...opened.config, dtype: '', normEps: 0 }).toEqual({
			...original.config,
			dtype: '',
			normEps: 0
		});
		expect(opened.config.normEps).toBeCloseTo(original.config.normEps, 12);
		expect([...opened.tensors.keys()].sort()).toEqual([...original.tensors.keys()].sort());
		for (const [name, entry] of opened.tensors) {
			const same = isSame(await valuesOf(entry), await valuesOf(original.tensors.get(name)));
			expect(same, name).toBe(true);
		}
	});
	it('has the tokenizer that it was made from, byte-level and SentencePiece', async () => {
		const text = (await readFile(TEXT, 'utf8')).slice(0, CHARACTERS);
		const idsOf = async (place: string, vocab: number) => {
			const tokenizer = await loadTokenizer(place, { vocab });
			return { bosId: tokenizer.bosId, ids: [...(await tokenizer.encode(text)).ids] };
		};
		const byteLevel = await write('bpe.gguf');
		expect(await idsOf(byteLevel, 8192)).toEqual(await idsOf(LLAMA3, 8192));
		const sentencePiece = await ggufOf(LLAMA2, 'sentencepiece');
		const spm = await write('spm.gguf', sentencePiece.metadata, sentencePiece.tensors);
		expect(await idsOf(spm, 4096)).toEqual(await idsOf(LLAMA2, 4096));
	});
	it('puts a BOS before a text as llama.cpp does where it does not say', async () => {
		const said = Object.entries(plain.metadata).filter(
			([key]) => key !== 'tokenizer.ggml.add_bos_token'
		);
		const bosOf = async (pre: string) => {
			const metadata = { ...Object.fromEntries(said), 'tokenizer.ggml.pre': { text: pre } };
			const tokenizer = await loadTokenizer(await write(`bos-${pre}.gguf`, metadata), {
				vocab: 8192
			});
			return tokenizer.bosId;
		};
		expect(await bosOf('llama-bpe')).toBe(0);
		expect(await bosOf('tekken')).toBe(0);
		expect(await bosOf('qwen2')).toBe(null);
	});
	it('keeps tokens that begin with a byte-order mark apart from those without', async () => {
		const tokens = ['—', '\uFEFF—', '\uFEFF', '▁a'];
		const file = await write('marks.gguf', {
			...plain.metadata,
			'tokenizer.ggml.tokens': { texts: tokens }
		});
		const { metadata } = await readGgufHeader(file);
		expect(metadata.get('tokenizer.ggml.tokens')).toEqual(tokens);
	});
	it('in several files opens by any of them', async () => {
		const [first, second] = [plain.tensors.slice(0, 20), plain.tensors.slice(20)];
		await write('two-00002-of-00002.gguf', {}, second);
		const opened = await openGguf(await write('two-00001-of-00002.gguf', plain.metadata, first));
		expect(opened.tensors.size).toBe(plain.tensors.length);
	});
	it('has llama3’s scaling of the rotary frequencies as a tensor of divisors', async () => {
		const divisors = Float32Array.from({ length: 16 }, (_, pair) => 1 + pair / 4);
		const opened = await openGguf(
			await write('rope.gguf', plain.metadata, [
				...plain.tensors,
				{ name: 'rope_freqs.weight', type: 0, shape: [16], bytes: new Uint8Array(divisors.buffer) }
			])
		);
		expect(opened.config.rotaries[0].scaling).toEqual({
			type: 'divided',
			divisors: Array.from(divisors)
		});
	});
	it('quantised, is dequantised as it is read, rows put back in order', async () => {
		const name = 'blk.0.attn_q.weight';
		const tensors = plain.tensors.map((tensor) =>
			tensor.name === name ? { ...tensor, type: Q8_0, bytes: blocks(tensor.bytes) } : tensor
		);
		const q = 'model.layers.0.self_attn.q_proj.weight';
		const opened = await openGguf(await write('q8.gguf', plain.metadata, tensors));
		const original = await openCheckpoint(LLAMA3);
		const [found, expected] = [
			await valuesOf(opened.tensors.get(q)),
			await valuesOf(original.tensors.get(q))
		];
		const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
		expect(isSame(found, expected)).toBe(false);
		const furthest = found.reduce(
			(most, value, at) => Math.max(most, Math.abs(value - expected[at])),
			0
		);
		// Half a step of 127, and the half float's own rounding of the scale.
		expect(furthest).toBeLessThan((largest / 127) * 0.6);
	});
});

describe.each([
	{ architecture: 'GemmaForCausalLM', own: {} },
	{
		architecture: 'Gemma2ForCausalLM',
		own: { attn_logit_softcapping: 5, final_logit_softcapping: 3, sliding_window: 7 }
	},
	{
		architecture: 'Gemma3ForCausalLM',
		own: { sliding_window: 7, rope_scaling: { rope_type: 'linear', factor: 8 } }
	},
	{ architecture: 'Gemma3ForCausalLM', own: { sliding_window: 7, sliding_window_pattern: 1 } }
] as const)('a GGUF file of $architecture with $own', ({ architecture, own }) => {
	/** Layers enough for one of Gemma 3 that sees everything. */
	const usual = { hidden_act: undefined, num_hidden_layers: 7, tie_word_embeddings: true };
	const scalar = architecture === 'GemmaForCausalLM' ? {} : { query_pre_attn_scalar: 8 };
	it('opens as that checkpoint, whose norms are stored with the one that is added to them', async () => {
		const folder = join(home, architecture);
		const config = { ...usual, ...scalar, ...own };
		await writeTinyCheckpoint(folder, { architecture, config });
		const { metadata, tensors } = await ggufOf(folder, 'sentencepiece');
		const opened = await openGguf(await write('gemma.gguf', metadata, tensors));
		const original = await openCheckpoint(folder);
		const { block } = original.config;
		expect({ ...opened.config, dtype: '', normEps: 0 }).toEqual({
			...original.config,
			...{ block: { ...block, normOffset: 0 }, bosId: 1, dtype: '', normEps: 0 }
		});
		expect([...opened.tensors.keys()].sort()).toEqual([...original.tensors.keys()].sort());
		for (const [name, entry] of opened.tensors) {
			const expected = await valuesOf(original.tensors.get(name));
			if (name.endsWith('norm.weight')) for (const at of expected.keys()) expected[at] += 1;
			expect(isSame(await valuesOf(entry), expected), name).toBe(true);
		}
	});
});

it('the queries of Gemma 2 27B and Gemma 3 27B are divided by the root of hidden size by heads', async () => {
	const architecture = 'Gemma2ForCausalLM';
	const folder = join(home, '27b');
	const config = { num_hidden_layers: 46, sliding_window: 7, head_dim: 16 };
	await writeTinyCheckpoint(folder, { architecture, config });
	const { metadata, tensors } = await ggufOf(folder, 'sentencepiece');
	const { scales } = (await openGguf(await write('27b.gguf', metadata, tensors))).config;
	expect(scales.score).toBeCloseTo(1 / Math.sqrt(32 / 4), 12);
});

describe('a GGUF file is refused, by name,', () => {
	const refused = (file: Promise<string>) => expect(file.then((path) => openGguf(path))).rejects;
	it('cut short', async () => {
		const file = await write('cut.gguf');
		await truncate(file, 20_000_000);
		await refused(Promise.resolve(file)).toThrow(
			/ends at byte \d+; the file has 20000000; truncated/
		);
	});
	it('with a tensor that is said to lie where another does', async () => {
		const [first, second, ...rest] = plain.tensors;
		const file = await write('places.gguf', plain.metadata, [
			first,
			{ ...second, offset: 0 },
			...rest
		]);
		await expect(openGguf(file)).rejects.toThrow(
			/places\.gguf: \S+: begins at byte \d+; expected \d+, where the tensor before it ends$/
		);
	});
	it('of another architecture', async () => {
		const other = { ...plain.metadata, 'general.architecture': { text: 'mamba' } };
		await refused(write('arch.gguf', other)).toThrow(
			'architecture is mamba; supported in GGUF: llama, deci, qwen2, qwen3, gemma, gemma2, gemma3; transformers may read it: AutoModelForCausalLM.from_pretrained(FOLDER, gguf_file=FILE).save_pretrained(NEW_FOLDER); spanwise analyze --engine torch'
		);
	});
	it('with a layer missing', async () => {
		const rest = plain.tensors.filter(({ name }) => name !== 'blk.3.ffn_up.weight');
		await refused(write('gap.gguf', plain.metadata, rest)).toThrow(
			'missing tensor model.layers.3.mlp.up_proj.weight'
		);
	});
	it('with a type that is not read', async () => {
		const IQ4_NL = 20;
		const tensors = plain.tensors.map((tensor) =>
			tensor.name === 'blk.0.attn_v.weight' ? { ...tensor, type: IQ4_NL } : tensor
		);
		await refused(write('iq.gguf', plain.metadata, tensors)).toThrow(
			/v_proj\.weight is IQ4_NL; weights of F32, F16, BF16, .*Q6_K.* are read/
		);
	});
	it('with heads that differ from layer to layer', async () => {
		const key = 'llama.attention.head_count_kv';
		const other = { ...plain.metadata, [key]: { i32s: [2, 2, 1] } };
		await refused(write('heads.gguf', other)).toThrow(`${key} differs from layer to layer`);
	});
	it.each([
		[
			'attention.head_count_kv',
			'layer 3 has a linear layer in place of attention (deci.attention.head_count_kv is 0)'
		],
		['feed_forward_length', 'layer 3 has no MLP (deci.feed_forward_length is 0)']
	])('of deci with %s 0 in a layer that has heads', async (key, message) => {
		const renamed = Object.entries(plain.metadata).map(([name, value]): [string, GgufValue] => [
			name.replace(/^llama\./, 'deci.'),
			value
		]);
		const counts = Array.from({ length: 16 }, (_, layer) =>
			layer === 3 ? 0 : key.startsWith('feed') ? 512 : 2
		);
		const metadata = {
			...Object.fromEntries(renamed),
			...{ 'general.architecture': { text: 'deci' }, [`deci.${key}`]: { i32s: counts } }
		};
		await refused(write('deci.gguf', metadata)).rejects.toThrow(message);
	});
	it('whose words are cut in a way that is not known', async () => {
		const other = { ...plain.metadata, 'tokenizer.ggml.pre': { text: 'viking' } };
		const file = await write('pre.gguf', other);
		await expect(loadTokenizer(file, { vocab: 8192 })).rejects.toThrow(
			'tokenizer.ggml.pre is viking; supported: gpt-2, smollm, llama-bpe, qwen2, deepseek-r1-qwen, tekken'
		);
	});
	it('with a header that is none', async () => {
		const file = join(home, 'bad.gguf');
		await writeFile(file, 'GGUF and nothing else of the kind');
		await refused(Promise.resolve(file)).toThrow(/not a usable GGUF file/);
	});
});

/** Q8_0 by its definition: a scale of the largest of 32 values by 127, and 32 rounded values. */
function blocks(bytes: Uint8Array): Uint8Array {
	const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
	const out = new Uint8Array((values.length / 32) * 34);
	const scale = new Float32Array(1);
	for (let at = 0, to = 0; at < values.length; at += 32, to += 34) {
		const block = values.subarray(at, at + 32);
		const wanted = block.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127;
		const bits = halfBits(wanted);
		out.set([bits & 255, bits >> 8], to);
		const rest = new Uint8Array(34);
		rest.set([bits & 255, bits >> 8]);
		const probe = new Float32Array(32);
		dequantise(rest.fill(1, 2), 'Q8_0', probe, 0);
		scale[0] = probe[0];
		for (const [i, value] of block.entries()) {
			const step = scale[0] === 0 ? 0 : Math.round(value / scale[0]);
			out[to + 2 + i] = Math.max(-127, Math.min(127, step)) & 255;
		}
	}
	return out;
}

/** The float16 at or next above a small positive number. */
function halfBits(value: number): number {
	if (value === 0) return 0;
	const exponent = Math.max(-14, Math.floor(Math.log2(value)));
	const fraction = Math.ceil((value / 2 ** exponent - 1) * 1024);
	return ((exponent + 15) << 10) + fraction;
}
