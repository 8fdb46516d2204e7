import { InputError } from '../../errors.ts';
import type { Quantisation, QuantisedFormat, TensorEntry } from '../checkpoint/types.ts';
import { blockOfGrid } from './bytes.ts';
import { isScaleDtype } from './floats.ts';
import type { Module } from './types.ts';

/** A quantised weight of a module: how its values are stored, and in which of the module's tensors. */
export interface Recognised {
	format: QuantisedFormat;
	/** Common name of the format: "int4 (AWQ)". */
	label: string;
	stored: Record<string, TensorEntry>;
	/** A tensor that says how, and is not needed any more once it was read. */
	state?: TensorEntry;
}

type Of<Method extends Quantisation['method']> = Extract<Quantisation, { method: Method }>;

/** NVFP4 has a scale for so many values, MXFP4 for twice as many. */
const NVFP4_BLOCK = 16;
const MXFP4_BLOCK = 32;

/**
 * Recognises the format of a module's weight; null: it is not quantised. Throws InputError, which names the tensor, for
 * shapes or types that do not belong to the method that config.json names.
 */
export function recognise(module: Module, quantisation: Quantisation): Recognised | null {
	switch (quantisation.method) {
		case 'fp8':
			return fp8(module, quantisation.block, ['weight_scale_inv', 'weight_scale']);
		case 'compressed-tensors':
			return compressed(module, quantisation);
		case 'gptq':
			return gptq(module, quantisation);
		case 'awq':
			return awq(module, quantisation);
		case 'modelopt':
			return fp8(module, null, ['weight_scale']) ?? nvfp4(module, 'weight', 'weight_scale_2');
		case 'bitsandbytes':
			return eightBits(module) ?? table(module);
		case 'mxfp4':
			return null;
	}
}

/** A float byte a value. */
function fp8(
	module: Module,
	block: readonly [number, number] | null,
	scaleNames: readonly string[]
): Recognised | null {
	const values = module.tensors.get('weight');
	if (values?.dtype !== 'F8_E4M3') return null;
	const name = scaleNames.find((each) => module.tensors.has(each)) ?? scaleNames[0];
	const scales = scalesOf(module, name);
	requireShape(values, module.shape);
	return {
		format: {
			...{ kind: 'bytes', type: 'E4M3', divisor: 1 },
			block: blockOfGrid(scales.name, module.shape, scales.shape, block)
		},
		label: 'FP8',
		stored: { values, scales }
	};
}

function compressed(module: Module, { bits, block }: Of<'compressed-tensors'>): Recognised | null {
	const packed = module.tensors.get('weight_packed');
	if (packed?.dtype === 'U8') {
		if (module.tensors.has('weight_global_scale'))
			return nvfp4(module, 'weight_packed', 'weight_global_scale');
		return mxfp4(module, packed);
	}
	if (packed !== undefined) return packedIntegers(module, packed, bits);
	const values = module.tensors.get('weight');
	if (values?.dtype === 'I8') {
		const scales = scalesOf(module, 'weight_scale');
		const zeros = module.tensors.get('weight_zero_point');
		requireShape(values, module.shape);
		if (zeros !== undefined) requireShape(zeros, scales.shape);
		const size = blockOfGrid(scales.name, module.shape, scales.shape, block);
		return {
			format: { kind: 'bytes', type: 'I8', divisor: 1, block: size },
			label: 'int8 (compressed-tensors)',
			stored: { values, scales, ...(zeros === undefined ? {} : { zeros }) }
		};
	}
	const found = fp8(module, block, ['weight_scale']);
	if (found === null && values !== undefined && module.tensors.has('weight_scale')) {
		throw new InputError(
			`${values.file}: ${values.name} is ${values.dtype} and has a scale: weights that are quantised as the model runs are not supported`
		);
	}
	return found;
}

function packedIntegers(
	module: Module,
	values: TensorEntry,
	allowed: readonly number[]
): Recognised {
	const [outputs, inputs] = module.shape;
	requireDtype(values, 'I32');
	const words = (bits: number, count: number) => Math.ceil((count * bits) / 32);
	const fitting = allowed.filter((bits) => values.shape[1] === words(bits, inputs));
	if (values.shape[0] !== outputs || values.shape.length !== 2 || fitting.length !== 1) {
		const shapes = allowed.map((bits) => `[${outputs}, ${words(bits, inputs)}]`).join(' or ');
		throw new InputError(
			`${values.file}: ${values.name} is [${values.shape.join(', ')}]; expected a weight [${outputs}, ${inputs}] in ${allowed.join(' or ')} bits: ${shapes}`
		);
	}
	const [bits] = fitting;
	const scales = scalesOf(module, 'weight_scale');
	const across = scales.shape.at(-1) ?? 1;
	const single = scales.shape.every((size) => size === 1);
	if (!single) requireShape(scales, [outputs, across]);
	const stored: Record<string, TensorEntry> = { values, scales };
	const zeros = module.tensors.get('weight_zero_point');
	if (zeros !== undefined) {
		requireDtype(zeros, 'I32');
		requireShape(zeros, [words(bits, single ? 1 : outputs), across]);
		stored.zeros = zeros;
	}
	const groups = module.tensors.get('weight_g_idx');
	if (groups !== undefined) {
		requireDtype(groups, 'I32');
		requireShape(groups, [inputs]);
		stored.groups = groups;
	} else if (inputs % across !== 0) requireShape(scales, [outputs, 1]);
	return { format: { kind: 'packed', bits }, label: `int${bits} (compressed-tensors)`, stored };
}

function gptq(module: Module, { bits, groupSize, version }: Of<'gptq'>): Recognised | null {
	const values = module.tensors.get('qweight');
	if (values === undefined) return null;
	const [outputs, inputs] = module.shape;
	const across = groupSize === null ? 1 : Math.ceil(inputs / groupSize);
	const groups = module.tensors.get('g_idx');
	const scales = scalesOf(module, 'scales');
	const zeros = required(module, 'qzeros');
	for (const words of [values, zeros, ...(groups === undefined ? [] : [groups])])
		requireDtype(words, 'I32');
	requireShape(values, [Math.ceil((inputs * bits) / 32), outputs]);
	requireShape(scales, [across, outputs]);
	requireShape(zeros, [across, Math.ceil((outputs * bits) / 32)]);
	if (groups !== undefined) requireShape(groups, [inputs]);
	return {
		format: { kind: 'gptq', bits, zeroOffset: version === 1 ? 1 : 0 },
		label: `int${bits} (GPTQ)`,
		stored: { values, scales, zeros, ...(groups === undefined ? {} : { groups }) }
	};
}

function awq(module: Module, { groupSize }: Of<'awq'>): Recognised | null {
	const values = module.tensors.get('qweight');
	if (values === undefined) return null;
	const [outputs, inputs] = module.shape;
	const across = groupSize === null ? 1 : Math.ceil(inputs / groupSize);
	const scales = scalesOf(module, 'scales');
	const zeros = required(module, 'qzeros');
	for (const words of [values, zeros]) requireDtype(words, 'I32');
	requireShape(values, [inputs, outputs / 8]);
	requireShape(scales, [across, outputs]);
	requireShape(zeros, [across, outputs / 8]);
	return { format: { kind: 'awq' }, label: 'int4 (AWQ)', stored: { values, scales, zeros } };
}

/** compressed-tensors divides by the scale of the whole weight, modelopt multiplies. */
function nvfp4(
	module: Module,
	name: 'weight' | 'weight_packed',
	globalName: 'weight_scale_2' | 'weight_global_scale'
): Recognised | null {
	const values = module.tensors.get(name);
	if (values?.dtype !== 'U8') return null;
	const [outputs, inputs] = module.shape;
	const scales = scalesOf(module, 'weight_scale');
	const global = scalesOf(module, globalName);
	requireDtype(scales, 'F8_E4M3');
	requireShape(values, [outputs, inputs / 2]);
	requireShape(scales, [outputs, inputs / NVFP4_BLOCK]);
	if (global.shape.some((size) => size !== 1)) requireShape(global, [1]);
	return {
		format: {
			...{ kind: 'fp4', block: NVFP4_BLOCK },
			global: globalName === 'weight_scale_2' ? 'multiplies' : 'divides'
		},
		label: 'NVFP4',
		stored: { values, scales, global }
	};
}

function mxfp4(module: Module, values: TensorEntry): Recognised {
	const [outputs, inputs] = module.shape;
	const scales = scalesOf(module, 'weight_scale');
	requireDtype(scales, 'U8', 'F8_E8M0');
	requireShape(values, [outputs, inputs / 2]);
	requireShape(scales, [outputs, inputs / MXFP4_BLOCK]);
	return {
		format: { kind: 'fp4', block: MXFP4_BLOCK, global: 'none' },
		label: 'MXFP4',
		stored: { values, scales }
	};
}

/** gpt-oss: [experts, inputs, outputs] is stored as [experts, outputs, inputs / 32] blocks of 16 bytes, and their scales. */
export function mxfp4Experts(
	values: TensorEntry,
	scales: TensorEntry,
	[experts, inputs, outputs]: readonly number[]
): Recognised {
	const blocks = inputs / MXFP4_BLOCK;
	requireDtype(values, 'U8');
	requireDtype(scales, 'U8', 'F8_E8M0');
	requireShape(values, [experts, outputs, blocks, MXFP4_BLOCK / 2]);
	requireShape(scales, [experts, outputs, blocks]);
	return {
		format: { kind: 'fp4', block: MXFP4_BLOCK, global: 'none' },
		label: 'MXFP4',
		stored: { values, scales }
	};
}

/** bitsandbytes in 8 bits: the largest size of a row stands for 127. */
function eightBits(module: Module): Recognised | null {
	const values = module.tensors.get('weight');
	if (values?.dtype !== 'I8') return null;
	const scales = scalesOf(module, 'SCB');
	requireShape(values, module.shape);
	requireShape(scales, [module.shape[0]]);
	return {
		format: { kind: 'bytes', type: 'I8', divisor: 127, block: [1, module.shape[1]] },
		label: 'int8 (bitsandbytes)',
		stored: { values, scales }
	};
}

/** bitsandbytes in 4 bits; block sizes are in a tensor that `find.ts` reads. */
function table(module: Module): Recognised | null {
	const values = module.tensors.get('weight');
	if (values?.dtype !== 'U8') return null;
	const elements = module.shape[0] * module.shape[1];
	const type = ['nf4', 'fp4'].find((each) =>
		module.tensors.has(`weight.quant_state.bitsandbytes__${each}`)
	);
	const state = required(module, `weight.quant_state.bitsandbytes__${type ?? 'nf4'}`);
	const entries = required(module, 'weight.quant_map');
	const scales = required(module, 'weight.absmax');
	if (values.byteLength !== elements / 2) requireShape(values, [elements / 2, 1]);
	requireDtype(entries, 'F32');
	requireShape(entries, [16]);
	const stored: Record<string, TensorEntry> = { values, scales, table: entries };
	const nestedTable = module.tensors.get('weight.nested_quant_map');
	if (nestedTable === undefined) requireDtype(scales, 'F32');
	else {
		requireDtype(scales, 'U8');
		requireDtype(nestedTable, 'F32');
		requireShape(nestedTable, [256]);
		stored.nestedTable = nestedTable;
		stored.nestedScales = required(module, 'weight.nested_absmax');
		requireDtype(stored.nestedScales, 'F32');
	}
	const format = { kind: 'table', block: 0, nestedBlock: 0, nestedOffset: 0 } as const;
	const label = `${type?.toUpperCase() ?? ''} (bitsandbytes)`;
	return { format, label, stored, state };
}

function required({ name, tensors }: Module, end: string): TensorEntry {
	const entry = tensors.get(end);
	if (entry !== undefined) return entry;
	const [beside] = tensors.values();
	throw new InputError(
		`${beside.file}: ${beside.name} is quantised, but there is no ${name}.${end}`
	);
}

function scalesOf(module: Module, end: string): TensorEntry {
	const entry = required(module, end);
	if (isScaleDtype(entry.dtype)) return entry;
	throw new InputError(`${entry.file}: ${entry.name} is ${entry.dtype}; expected floats`);
}

function requireDtype({ file, name, dtype }: TensorEntry, ...allowed: string[]): void {
	if (allowed.includes(dtype)) return;
	throw new InputError(`${file}: ${name} is ${dtype}; expected ${allowed.join(' or ')}`);
}

function requireShape({ file, name, shape }: TensorEntry, expected: readonly number[]): void {
	if (shape.join() === expected.join()) return;
	throw new InputError(
		`${file}: ${name} is [${shape.join(', ')}]; expected [${expected.join(', ')}] from config.json and its quantization_config`
	);
}
