import * as v from 'valibot';
import { boundedArray, parseUntrusted } from '../../edge/parse.ts';
import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import { OwnEngineRefusal } from '../checkpoint/ownEngineRefusal.ts';
import type { Quantisation } from '../checkpoint/types.ts';

/** Most groups of modules with settings of their own; in practice there are one to three. */
const MAX_GROUPS = 100;

const count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 31 - 1));
const bits = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(8));
/** Kernels of FP8 take no others, so that a file that says another was changed. */
const side = v.pipe(
	count,
	v.check((size) => Number.isInteger(Math.log2(size)), 'expected a power of two, such as 128')
);
const block = v.nullish(v.pipe(boundedArray(side, 2), v.length(2)));
/** −1: all inputs. */
const groupSize = v.nullish(v.union([v.literal(-1), count]));

/** Keys of one method or another. */
const schema = v.object({
	quant_method: v.nullish(v.string()),
	// FP8
	fmt: v.nullish(v.string()),
	weight_block_size: block,
	// compressed-tensors
	format: v.nullish(v.string()),
	config_groups: v.nullish(
		v.record(
			v.string(),
			v.object({
				format: v.nullish(v.string()),
				weights: v.nullish(
					v.object({ num_bits: bits, type: v.nullish(v.string()), block_structure: block })
				)
			})
		)
	),
	sparsity_config: v.nullish(v.object({ format: v.nullish(v.string()) })),
	transform_config: v.nullish(v.looseObject({})),
	// GPTQ and AWQ
	bits: v.nullish(bits),
	group_size: groupSize,
	sym: v.nullish(v.boolean()),
	checkpoint_format: v.nullish(v.string()),
	is_marlin_format: v.nullish(v.boolean()),
	pack_dtype: v.nullish(v.string()),
	version: v.nullish(v.string()),
	zero_point: v.nullish(v.boolean()),
	// modelopt
	quant_algo: v.nullish(v.string())
});

type Raw = v.InferOutput<typeof schema>;

/** Formats of compressed-tensors that are read; the tensors tell which it is. */
const COMPRESSED = [
	'dense',
	'naive-quantized',
	'float-quantized',
	'int-quantized',
	'pack-quantized',
	'nvfp4-pack-quantized',
	'mxfp4-pack-quantized',
	'mixed-precision'
];

/** Methods that are read, by `quant_method`. */
const METHODS: Readonly<Record<string, (raw: Raw, where: string) => Quantisation>> = {
	fp8: ({ fmt, weight_block_size: size }, where) => {
		one('fmt', fmt ?? 'e4m3', ['e4m3'], where);
		return { method: 'fp8', block: pair(size) };
	},
	fbgemm_fp8: () => ({ method: 'fp8', block: null }),
	'compressed-tensors': compressed,
	gptq: ({ checkpoint_format: format, is_marlin_format: marlin, pack_dtype, ...raw }, where) => {
		one('checkpoint_format', format ?? 'gptq', ['gptq', 'gptq_v2'], where);
		one('is_marlin_format', marlin ?? false, [false], where);
		one('pack_dtype', pack_dtype ?? 'int32', ['int32'], where);
		const wide = raw.bits ?? 4;
		one('bits', wide, [2, 3, 4, 8], where);
		const version = format === 'gptq_v2' ? 2 : 1;
		const symmetric = raw.sym ?? true;
		return { method: 'gptq', bits: wide, groupSize: sizeOf(raw), symmetric, version };
	},
	awq: ({ bits: wide, version, zero_point: zeros, ...raw }, where) => {
		one('bits', wide ?? 4, [4], where);
		one('version', (version ?? 'gemm').toLowerCase(), ['gemm'], where);
		one('zero_point', zeros ?? true, [true], where);
		return { method: 'awq', groupSize: sizeOf(raw) };
	},
	modelopt: ({ quant_algo: algorithm }, where) => {
		one('quant_algo', algorithm ?? '', ['NVFP4', 'FP8'], where);
		return { method: 'modelopt' };
	},
	mxfp4: () => ({ method: 'mxfp4' }),
	bitsandbytes: () => ({ method: 'bitsandbytes' })
};

/**
 * Reads the quantisation of the weights from a config.json (already parsed JSON); null: they are plain. Throws
 * InputError, with what is supported, for a method or a variant of one that is not read.
 */
export function parseQuantisation(json: object, where: string): Quantisation | null {
	const config = new Map<string, unknown>(Object.entries(json));
	const key = ['quantization_config', 'compression_config'].find(
		(name) => config.get(name) != null
	);
	if (key === undefined) return null;
	const at = `${where}: ${key}`;
	const raw = parseUntrusted(schema, config.get(key), at);
	const method = raw.quant_method ?? (raw.config_groups == null ? null : 'compressed-tensors');
	if (method !== null && Object.hasOwn(METHODS, method)) return METHODS[method](raw, at);
	throw new OwnEngineRefusal(
		at,
		`quant_method is ${method === null ? 'not given' : quoted(JSON.stringify(method))}`,
		`supported: ${Object.keys(METHODS).join(', ')}`
	);
}

function compressed(raw: Raw, where: string): Quantisation {
	const groups = Object.values(raw.config_groups ?? {});
	if (groups.length > MAX_GROUPS) {
		throw new InputError(`${where}: config_groups has ${groups.length}; at most ${MAX_GROUPS}`);
	}
	for (const format of [raw.format, ...groups.map((group) => group.format)])
		one('format', format ?? 'dense', COMPRESSED, where);
	one('sparsity_config.format', raw.sparsity_config?.format ?? 'dense', ['dense'], where);
	if (Object.keys(raw.transform_config ?? {}).length > 0) {
		throw new OwnEngineRefusal(
			where,
			'transform_config is set',
			'rotations while the model runs are not supported'
		);
	}
	const weights = groups.flatMap((group) => (group.weights == null ? [] : [group.weights]));
	const whole = weights.filter(({ type }) => type !== 'float');
	const blocks = weights.flatMap(({ block_structure: size }) => pair(size) ?? []);
	return {
		method: 'compressed-tensors',
		bits: [...new Set(whole.map(({ num_bits: wide }) => wide))],
		block: blocks.length < 2 ? null : [blocks[0], blocks[1]]
	};
}

/** Throws InputError where a key has none of the values that are supported. */
function one<Value extends string | number | boolean>(
	key: string,
	value: Value,
	supported: readonly Value[],
	where: string
): void {
	if (supported.includes(value)) return;
	throw new OwnEngineRefusal(
		where,
		`${key} is ${quoted(JSON.stringify(value))}`,
		`supported: ${supported.join(', ')}`
	);
}

function sizeOf({ group_size: size }: Pick<Raw, 'group_size'>): number | null {
	return size === -1 ? null : (size ?? 128);
}

function pair(size: readonly number[] | null | undefined): [number, number] | null {
	return size == null ? null : [size[0], size[1]];
}
