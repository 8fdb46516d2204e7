/** The engine of a measurement as a setting, and the options that say it. */
import * as v from 'valibot';
import {
	TORCH_DEVICE,
	TORCH_DTYPES,
	type TorchDtype,
	type TorchSettings
} from '../engine/torchSettings.ts';
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

/** Device of an option's text. Throws InputError. */
export function torchDevice(text: string): string {
	if (TORCH_DEVICE.test(text)) return text;
	throw new InputError(`found "${text}"; allowed: cpu, cuda, cuda:N, mps, auto`);
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
			about: 'of the torch engine: cpu, cuda, cuda:1, mps, or auto for all GPUs (default: cpu)',
			parse: torchDevice
		},
		{
			flag: '--dtype <type>',
			about: `of the torch engine: ${TORCH_DTYPES.join(', ')} (default: float32)`,
			choices: TORCH_DTYPES
		}
	],
	read: ([engine, device, dtype]) => {
		if (engine === 'torch') {
			return {
				device: (device as string | undefined) ?? 'cpu',
				dtype: (dtype as TorchDtype | undefined) ?? 'float32'
			};
		}
		if (device !== undefined || dtype !== undefined) {
			throw new InputError('--device, --dtype: only the torch engine has them; add --engine torch');
		}
		return undefined;
	},
	write: ({ device, dtype }) => ['--engine', 'torch', '--device', device, '--dtype', dtype]
};
