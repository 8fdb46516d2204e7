import type { Command } from 'commander';
import type { DeviceFinding } from '../analysis/engine/devices.ts';
import { pythonOf } from '../analysis/engine/torchSettings.ts';
import { print, printJson, type Io } from './io.ts';
import { formatTable, type Column } from './table.ts';

const HELP = `
onnx: onnxruntime in this program. cpu is always there; webgpu is a GPU through Vulkan, Direct3D 12 or Metal, with nothing
else to install. torch: PyTorch in the Python that SPANWISE_PYTHON names, else python3. What is not there says what is
missing and which package has it.

Example:
  spanwise devices --json`;

export function registerDevices(program: Command, io: Io): void {
	program
		.command('devices')
		.description('list what can run a model here, and what is missing for the rest')
		.option('--json', 'print JSON')
		.addHelpText('after', HELP)
		.action(async ({ json }: { json?: boolean }) => {
			// Only here: no other command needs an engine to say what it is.
			const { listDevices } = await import('../analysis/engine/devices.ts');
			const devices = await listDevices(pythonOf(process.env));
			if (json) printJson(io, devices);
			else print(io, formatTable(devices, COLUMNS));
		});
}

const COLUMNS: Column<DeviceFinding>[] = [
	{ title: 'ENGINE', value: ({ engine }) => engine },
	{ title: 'DEVICE', value: ({ device }) => device },
	{ title: 'THERE', value: ({ there }) => (there ? 'yes' : 'no') },
	{ title: 'WHAT IT IS, OR WHAT IS MISSING', value: ({ about }) => about }
];
