/** The engine of a measurement and its device as settings, and the options that say them. */
import * as v from 'valibot';
import {
	TORCH_DEVICES,
	TORCH_DTYPES,
	type TorchDtype,
	type TorchSettings
} from '../engine/torchSettings.ts';
import {
	ONNX_DEVICES,
	ONNX_DTYPES,
	type AskedDevice,
	type OnnxDtype
} from '../engine/onnxDevices.ts';
import type { EnginePath, EngineRecord } from '../engine/path.ts';
import { InputError } from '../errors.ts';
import type { Flag, SettingFlags } from './flags.ts';

/** Devices that PyTorch may be asked for, in words. */
export const DEVICES_ALLOWED = 'cpu, cpu:2, cuda, cuda:N, cuda:all, mps or auto';
const ENGINES = ['onnx', 'torch'] as const;

/** The PyTorch engine; null: onnxruntime. */
export const torchSetting = v.optional(
	v.nullable(
		v.object({
			device: v.pipe(v.string(), v.regex(TORCH_DEVICES, DEVICES_ALLOWED)),
			dtype: v.picklist(TORCH_DTYPES)
		})
	),
	null
);

/** Device that onnxruntime runs the model on; left out: the CPU. */
export const deviceSetting = v.optional(v.picklist(ONNX_DEVICES), 'cpu');

/** Type that onnxruntime computes the products of layers with their weights in; left out: float32. */
export const dtypeSetting = v.exactOptional(v.picklist(ONNX_DTYPES));

function isOnnxDevice(text: string): text is AskedDevice {
	return ONNX_DEVICES.some((device) => device === text);
}

/** --device, where the engine is onnxruntime. */
export const deviceFlag: SettingFlags<AskedDevice> = {
	flags: [],
	shares: ['--engine', '--device'],
	read: ([engine, device]) =>
		engine === 'torch' ? undefined : (device as AskedDevice | undefined),
	write: (device) => (device === 'cpu' ? [] : ['--device', device])
};

/** --dtype, where the engine is onnxruntime. */
export const dtypeFlag: SettingFlags<OnnxDtype> = {
	flags: [],
	shares: ['--engine', '--dtype'],
	read: ([engine, dtype]) => (engine === 'torch' ? undefined : (dtype as OnnxDtype | undefined)),
	write: (dtype) => (dtype === 'float32' ? [] : ['--dtype', dtype])
};

/** Engine that made the figures; left out: the program's own, by an earlier version. */
export type MadeBy = { engine?: EngineRecord };

/** Returns the engine as results record it. */
export function madeBy(
	torch: TorchSettings | null | undefined,
	path: EnginePath
): { engine: EngineRecord & EnginePath } {
	return { engine: { name: torch == null ? 'onnxruntime' : 'torch', ...path } };
}

/** Returns the engine that a resumable results file records; results of other engines or types are not added to it. */
export function resumedBy(torch: TorchSettings | null | undefined): { engine?: string } {
	return torch == null ? {} : { engine: `torch ${torch.dtype}` };
}

/** PyTorch runs models, too, of which only the sizes are known here. */
export function opening(settings: { torch: TorchSettings | null }): { forOther: boolean } {
	return { forOther: settings.torch !== null };
}

/** Device or devices of PyTorch, of an option's text. Throws InputError. */
export function torchDevices(text: string): string {
	if (TORCH_DEVICES.test(text)) return text;
	throw new InputError(`found "${text}"; allowed: ${DEVICES_ALLOWED}`);
}

/** Device of either engine, of an option's text. Throws InputError. */
function deviceOf(text: string): string {
	if (TORCH_DEVICES.test(text) || isOnnxDevice(text)) return text;
	throw new InputError(`found "${text}"; allowed: cpu, webgpu, cuda, cuda:N, mps, auto, cuda:all`);
}

const torchDtype: Flag = {
	flag: '--dtype <type>',
	about: `of the torch engine: ${TORCH_DTYPES.join(', ')} (default: float32)`,
	choices: TORCH_DTYPES
};

function readTorch(
	[engine, device, dtype]: readonly unknown[],
	isOnnx: (device: string) => boolean = () => false
): TorchSettings | undefined {
	if (engine === 'torch') {
		if (device === 'webgpu')
			throw new InputError('--device webgpu: of the onnx engine; leave --engine torch out');
		return {
			device: (device as string | undefined) ?? 'cpu',
			dtype: (dtype as TorchDtype | undefined) ?? 'float32'
		};
	}
	if (device !== undefined && !isOnnx(device as string)) {
		throw new InputError(`--device ${device as string}: of the torch engine; add --engine torch`);
	}
	const isOfWebgpu = device === 'webgpu' && ONNX_DTYPES.some((each) => each === dtype);
	if (dtype !== undefined && !isOfWebgpu) {
		const other = isOnnx('webgpu') ? ', or --device webgpu, which has float16' : '';
		throw new InputError(
			`--dtype ${dtype as string}: of the torch engine; add --engine torch${other}`
		);
	}
	return undefined;
}

function writeTorch({ device, dtype }: TorchSettings): string[] {
	return ['--engine', 'torch', '--device', device, '--dtype', dtype];
}

/** --engine, --device and --dtype of a kind that the other engine runs on the CPU alone. */
export const planTorchFlags: SettingFlags<TorchSettings> = {
	flags: [
		{
			flag: '--engine <name>',
			about: 'onnx runs on this CPU, torch in Python on any device that PyTorch knows',
			choices: ENGINES
		},
		{
			flag: '--device <name>',
			about:
				'of the torch engine: cpu, cuda, cuda:1, mps; cuda:all shares the windows out over all GPUs, auto spreads a model over them that one cannot hold (default: cpu)',
			parse: torchDevices
		},
		torchDtype
	],
	read: readTorch,
	write: writeTorch
};

/** --engine, --device and --dtype. Throws InputError where a device or type is given without the engine that has them. */
export const torchFlags: SettingFlags<TorchSettings> = {
	flags: [
		{
			flag: '--engine <name>',
			about: 'onnx runs on this CPU, torch in Python on any device that PyTorch knows',
			choices: ENGINES
		},
		{
			flag: '--device <name>',
			about:
				'of onnx: cpu, webgpu for a GPU without anything installed, or auto for the faster; of torch: cpu, cuda, cuda:1, mps, cuda:all to share the windows out over all GPUs, or auto to spread a model over them (default: cpu)',
			parse: deviceOf
		},
		{
			...torchDtype,
			about: `of torch: ${TORCH_DTYPES.join(', ')}; of webgpu float16 for the products of layers with their weights (default: float32)`
		}
	],
	read: (values) => readTorch(values, isOnnxDevice),
	write: writeTorch
};
