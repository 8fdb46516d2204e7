import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { safetensorsFile } from '../../../tests/builders/safetensors.ts';
import { openCheckpoint } from '../checkpoint/open.ts';
import { parseQuantisation } from './parse.ts';

const FOLDER = 'tests/fixtures/quantised';
const SAID = 'model.layers.0.self_attn.q_proj';

let home: string;
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-quantised-'));
});
afterAll(() => rm(home, { recursive: true }));

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

/** A copy of a case whose config.json and header of tensors were changed, or bytes of a tensor. */
async function changed(
	name: string,
	change: {
		config?: (config: Record<string, Record<string, unknown>>) => void;
		header?: (header: Header) => void;
		bytes?: [tensor: string, byte: number];
	}
): Promise<string> {
	const folder = await mkdtemp(join(home, `${name}-`));
	await cp(join(FOLDER, name), folder, { recursive: true });
	const configFile = join(folder, 'config.json');
	const config = JSON.parse(await readFile(configFile, 'utf8')) as Record<
		string,
		Record<string, unknown>
	>;
	change.config?.(config);
	await writeFile(configFile, JSON.stringify(config));
	const file = join(folder, 'model.safetensors');
	const whole = await readFile(file);
	const length = Number(whole.readBigUInt64LE());
	const header = JSON.parse(whole.subarray(8, 8 + length).toString()) as Header;
	const data = new Uint8Array(whole.subarray(8 + length));
	change.header?.(header);
	if (change.bytes !== undefined) {
		const [from, to] = header[change.bytes[0]].data_offsets;
		data.fill(change.bytes[1], from, to);
	}
	await writeFile(file, safetensorsFile(JSON.stringify(header), data));
	return folder;
}

function renamed(from: string, to: string) {
	return (header: Header) => {
		header[to] = header[from];
		Reflect.deleteProperty(header, from);
	};
}

describe('a quantised checkpoint is refused in a line that names', () => {
	test('scales that are not there', async () => {
		const folder = await changed('fp8-block', {
			header: renamed(`${SAID}.weight_scale_inv`, `${SAID}.scale_of_mine`)
		});
		await expect(openCheckpoint(folder)).rejects.toThrow(
			`${folder}/model.safetensors: ${SAID}.scale_of_mine is quantised, but there is no ${SAID}.weight_scale_inv`
		);
	});
	test('scales that fit no blocks', async () => {
		const folder = await changed('fp8-block', {
			config: ({ quantization_config: said }) => (said.weight_block_size = [32, 32])
		});
		await expect(openCheckpoint(folder)).rejects.toThrow(
			'model.layers.0.mlp.down_proj.weight_scale_inv is [2, 4], which fits no blocks of a weight [32, 64] in blocks of 32 × 32'
		);
	});
	test('a method that no weight is stored by', async () => {
		const folder = await changed('fp8-block', {
			config: (config) => (config.quantization_config = { quant_method: 'gptq', bits: 4 })
		});
		await expect(openCheckpoint(folder)).rejects.toThrow(
			'quantization_config names gptq, but no weight is stored that way'
		);
	});
	test('another number of bits', async () => {
		const folder = await changed('gptq', {
			config: ({ quantization_config: said }) => (said.bits = 8)
		});
		await expect(openCheckpoint(folder)).rejects.toThrow(
			'down_proj.qweight is [8, 32]; expected [16, 32] from config.json and its quantization_config'
		);
		const packed = await changed('ct-int4', {
			config: ({ quantization_config: said }) => {
				const groups = said.config_groups as { group_0: { weights: { num_bits: number } } };
				groups.group_0.weights.num_bits = 8;
			}
		});
		await expect(openCheckpoint(packed)).rejects.toThrow(
			'down_proj.weight_packed is [32, 8]; expected a weight [32, 64] in 8 bits: [32, 16]'
		);
	});
	test('another group size', async () => {
		const folder = await changed('awq', {
			config: ({ quantization_config: said }) => (said.group_size = 8)
		});
		await expect(openCheckpoint(folder)).rejects.toThrow(
			'down_proj.scales is [4, 32]; expected [8, 32]'
		);
	});
	test('an embedding that is quantised', async () => {
		const folder = await changed('ct-float', {
			header: (header) => {
				const { shape, data_offsets: offsets } = header['lm_head.weight'];
				const [from, to] = offsets;
				const scaled = from + shape[0] * shape[1];
				header['lm_head.weight'] = { dtype: 'F8_E4M3', shape, data_offsets: [from, scaled] };
				const end = scaled + 4;
				header['lm_head.weight_scale'] = { dtype: 'F32', shape: [1], data_offsets: [scaled, end] };
				header.filler = { dtype: 'U8', shape: [to - end], data_offsets: [end, to] };
			}
		});
		await expect(openCheckpoint(folder)).rejects.toThrow(
			'lm_head.weight is FP8; of quantised weights those of layers are read, not embeddings; spanwise analyze --engine torch'
		);
	});
	test('a head of its own that is quantised, though config.json ties it to the embedding', async () => {
		const folder = await changed('gptq', {
			config: (config) => Object.assign(config, { tie_word_embeddings: true }),
			header: (header) => {
				const [from, to] = header['lm_head.weight'].data_offsets;
				Reflect.deleteProperty(header, 'lm_head.weight');
				let at = from;
				const add = (name: string, dtype: string, shape: number[], bytes: number) => {
					header[name] = { dtype, shape, data_offsets: [at, at + bytes] };
					at += bytes;
				};
				// Of [48, 32] in 4 bits, groups of 16.
				add('lm_head.qweight', 'I32', [4, 48], 768);
				add('lm_head.scales', 'F16', [2, 48], 192);
				add('lm_head.qzeros', 'I32', [2, 6], 48);
				add('filler', 'U8', [to - at], to - at);
			}
		});
		await expect(openCheckpoint(folder)).rejects.toThrow('lm_head.weight is int4 (GPTQ); of');
	});
	test('zeros of symmetric GPTQ that are those of no version', async () => {
		const zeros = 'model.layers.0.mlp.down_proj.qzeros';
		const folder = await changed('gptq-says-v1', { bytes: [zeros, 0x55] });
		await expect(openCheckpoint(folder)).rejects.toThrow(
			/qzeros holds 5; symmetric weights of 4 bits have 7 \(gptq\) or 8 \(gptq_v2\) everywhere/
		);
	});
	test('asymmetric GPTQ that is said to be symmetric', async () => {
		const folder = await changed('gptq-v2', {
			config: ({ quantization_config: said }) => (said.sym = true)
		});
		await expect(openCheckpoint(folder)).rejects.toThrow(
			/qzeros holds \d+, \d+.*; symmetric weights of 4 bits have 7 \(gptq\) or 8 \(gptq_v2\) everywhere/
		);
	});
	test('blocks of a size that no kernel takes', async () => {
		const folder = await changed('fp8-block', {
			config: ({ quantization_config: said }) => (said.weight_block_size = [17, 16])
		});
		await expect(openCheckpoint(folder)).rejects.toThrow(
			'weight_block_size.0: expected a power of two, such as 128'
		);
	});
});

it('GPTQ that says one version and holds the other is read as what it holds, and a note says so', async () => {
	const { notes } = await openCheckpoint(join(FOLDER, 'gptq-says-v1'));
	// Also where they are not said to be symmetric: zeros that are all half of all values are.
	const unsaid = await changed('gptq-says-v1', {
		config: ({ quantization_config: said }) => (said.sym = false)
	});
	expect((await openCheckpoint(unsaid)).notes).toEqual(notes);
	expect(notes[0]).toBe(
		'config.json says gptq, but zeros of 8 are those of gptq_v2: they are read as gptq_v2'
	);
});

describe('quantization_config', () => {
	const parse = (quantization_config: unknown) =>
		parseQuantisation({ quantization_config }, 'config.json');
	it('of a plain checkpoint is not there, or null', () => {
		expect(parseQuantisation({}, 'config.json')).toBeNull();
		expect(parse(null)).toBeNull();
	});
	it('is read', () => {
		expect(parse({ quant_method: 'gptq', bits: 4, group_size: -1, sym: false })).toEqual({
			...{ method: 'gptq', bits: 4, groupSize: null, symmetric: false, version: 1 }
		});
		expect(parse({ quant_method: 'fp8', weight_block_size: [128, 128] })).toEqual({
			method: 'fp8',
			block: [128, 128]
		});
		const weights = { num_bits: 4, type: 'int' };
		expect(
			parseQuantisation({ compression_config: { config_groups: { a: { weights } } } }, '')
		).toEqual({ method: 'compressed-tensors', bits: [4], block: null });
	});
	const at = 'config.json: quantization_config: ';
	it.each([
		[
			{ quant_method: 'quip' },
			'quant_method is "quip"; supported: fp8, fbgemm_fp8, compressed-tensors, gptq, awq, modelopt, mxfp4, bitsandbytes; spanwise analyze --engine torch'
		],
		[{}, 'quant_method is not given; supported: fp8'],
		[{ quant_method: 'constructor' }, 'quant_method is "constructor"; supported: fp8'],
		[{ quant_method: 'fp8', fmt: 'e5m2' }, 'fmt is "e5m2"; supported: e4m3'],
		[
			{ quant_method: 'gptq', checkpoint_format: 'marlin' },
			'checkpoint_format is "marlin"; supported: gptq, gptq_v2'
		],
		[{ quant_method: 'gptq', bits: 5 }, 'bits is 5; supported: 2, 3, 4, 8'],
		[{ quant_method: 'awq', version: 'gemv' }, 'version is "gemv"; supported: gemm'],
		[{ quant_method: 'awq', zero_point: false }, 'zero_point is false; supported: true'],
		[
			{ quant_method: 'compressed-tensors', format: 'marlin-24' },
			'format is "marlin-24"; supported: dense'
		],
		[
			{ quant_method: 'compressed-tensors', sparsity_config: { format: 'sparse-24-bitmask' } },
			'sparsity_config.format is "sparse-24-bitmask"; supported: dense'
		],
		[
			{ quant_method: 'compressed-tensors', transform_config: { config_groups: {} } },
			'transform_config is set; rotations while the model runs are not supported'
		],
		[
			{ quant_method: 'modelopt', quant_algo: 'W4A8_AWQ' },
			'quant_algo is "W4A8_AWQ"; supported: NVFP4, FP8'
		]
	])('%j is refused', (said, message) => {
		expect(() => parse(said)).toThrow(`${at}${message}`);
	});
});
