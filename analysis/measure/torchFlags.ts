/** The engine of a measurement and its device as settings, and the options that say them. */
import * as v from 'valibot';
import {
	TORCH_DEVICE,
	TORCH_DTYPES,
	type TorchDtype,
	type TorchSettings
} from '../engine/torchSettings.ts';
import { ONNX_DEVICES, type AskedDevice } from '../engine/onnxDevices.ts';
import { InputError } from '../errors.ts';
import type { SettingFlags } from './flags.ts';

const ENGINES = ['onnx', 'torch'] as const;

/** The PyTorch engine; null: onnxruntime. */
export const torchSetting = v.optional(
	v.nullable(
		v.object({
			device: v.pipe(v.string(), v.regex(TORCH_DEVICE, 'cpu, cuda, cuda:N, mps or auto')),
			dtype: v.picklist(TORCH_DTYPES)
		})
	),
	null
);

/** Where onnxruntime runs the model. */
export const deviceSetting = v.optional(v.picklist(ONNX_DEVICES), 'cpu');

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

/** Device of PyTorch, of an option's text. Throws InputError. */
export function torchDevice(text: string): string {
	if (TORCH_DEVICE.test(text)) return text;
	throw new InputError(`found "${text}"; allowed: cpu, cuda, cuda:N, mps, auto`);
}

/** Device of either engine, of an option's text. Throws InputError. */
function deviceOf(text: string): string {
	if (TORCH_DEVICE.test(text) || isOnnxDevice(text)) return text;
	throw new InputError(`found "${text}"; allowed: cpu, webgpu, cuda, cuda:N, mps, auto`);
}

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
				'of onnx: cpu, webgpu for a GPU without anything installed, or auto for the faster; of torch: cpu, cuda, cuda:1, mps, or auto for all GPUs (default: cpu)',
			parse: deviceOf
		},
		{
			flag: '--dtype <type>',
			about: `of the torch engine: ${TORCH_DTYPES.join(', ')} (default: float32)`,
			choices: TORCH_DTYPES
		}
	],
	read: ([engine, device, dtype]) => {
		if (engine === 'torch') {
			if (device === 'webgpu')
				throw new InputError('--device webgpu: of the onnx engine; leave --engine torch out');
			return {
				device: (device as string | undefined) ?? 'cpu',
				dtype: (dtype as TorchDtype | undefined) ?? 'float32'
			};
		}
		if (dtype !== undefined) {
			throw new InputError('--dtype: only the torch engine has it; add --engine torch');
		}
		if (device !== undefined && !isOnnxDevice(device as string)) {
			throw new InputError(`--device ${device as string}: of the torch engine; add --engine torch`);
		}
		return undefined;
	},
	write: ({ device, dtype }) => ['--engine', 'torch', '--device', device, '--dtype', dtype]
};
