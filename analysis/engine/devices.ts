import { isInputError } from '../errors.ts';
import { freeMemoryBytes } from '../process/freeMemory.ts';
import { formatBytes } from '../text/number.ts';
import { threadCount } from './session.ts';
import { TorchWorker } from './torchWorker.ts';
import { webgpuProblem } from './webgpu.ts';

/** A device that a model could run on, by engine and the name that --device takes. */
export interface DeviceFinding {
	engine: 'onnx' | 'torch';
	device: string;
	/** True if it can be used as things are. */
	there: boolean;
	/** Description of the device, or of what is missing, with the way to install it. */
	about: string;
}

/** Every device of both engines here; PyTorch's by the Python that is named. Nothing is loaded onto any. */
export async function listDevices(python: string): Promise<DeviceFinding[]> {
	const memory = `${formatBytes(freeMemoryBytes())} of memory free`;
	const count = threadCount();
	const threads = `${count} ${count === 1 ? 'thread' : 'threads'}, ${memory}`;
	const problem = await webgpuProblem();
	return [
		{ engine: 'onnx', device: 'cpu', there: true, about: threads },
		{
			engine: 'onnx',
			device: 'webgpu',
			there: problem === null,
			about: problem ?? 'an adapter answers; analyze takes it (float32, or --dtype float16)'
		},
		...(await torchDevices(python))
	];
}

async function torchDevices(python: string): Promise<DeviceFinding[]> {
	try {
		const worker = await TorchWorker.start(python);
		await worker.close();
		const { torch, transformers, devices, names } = worker.ready;
		return devices.map((device) => ({
			engine: 'torch',
			device,
			there: true,
			about: names[device] ?? `PyTorch ${torch}, transformers ${transformers}, by ${python}`
		}));
	} catch (error) {
		if (!isInputError(error)) throw error;
		return [{ engine: 'torch', device: 'cpu', there: false, about: error.message }];
	}
}
