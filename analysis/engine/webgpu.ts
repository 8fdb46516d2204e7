import * as ort from 'onnxruntime-node';
import { InputError, messageOf } from '../errors.ts';
import { FLOAT, FLOAT16, GraphBuilder } from '../proto/builder.ts';
import { quantile } from '../statistics/figures.ts';
import type { ChosenDevice, OnnxDevice, OnnxSettings } from './onnxDevices.ts';
import { createDeviceSession, LOG_FATAL, tensor } from './session.ts';
import { vulkanProblem } from './vulkan.ts';

/** Rows and columns of the product by which devices are compared: about that of a layer's projections. */
const SIZE = 1024;
const RUNS = 5;
/** Enough to tell whether anything runs there. */
const SMALL = 16;
/** Characters of what onnxruntime says that are shown. */
const MOST_WORDS = 200;

/** Says why nothing can run by WebGPU here, and what to install; null: something can. */
export async function webgpuProblem(): Promise<string | null> {
	try {
		await timeOf('webgpu', 1, SMALL);
		return null;
	} catch (error) {
		const missing = process.platform === 'linux' ? await vulkanProblem() : null;
		return missing ?? reasonOf(messageOf(error));
	}
}

/**
 * The device to run on. Throws InputError where WebGPU is asked for and is not there; `auto` takes the faster by a product of
 * two matrices.
 */
export async function chooseDevice({ device: asked, dtype }: OnnxSettings): Promise<ChosenDevice> {
	if (asked === 'cpu') return { device: 'cpu', why: null };
	const problem = await webgpuProblem();
	if (asked === 'webgpu') {
		if (problem !== null)
			throw new InputError(`device webgpu: ${problem}; spanwise devices lists what is there`);
		if (dtype === 'float16') await requireHalves();
		return { device: 'webgpu', dtype, why: null };
	}
	if (problem !== null) return { device: 'cpu', why: `runs on the CPU: WebGPU: ${problem}` };
	const [cpu, gpu] = [await timeOf('cpu', RUNS, SIZE), await timeOf('webgpu', RUNS, SIZE)];
	const device = gpu < cpu ? 'webgpu' : 'cpu';
	const words = `a product of ${SIZE} × ${SIZE} matrices took ${ms(gpu)} there and ${ms(cpu)} on the CPU (measured)`;
	return { device, why: `runs ${device === 'cpu' ? 'on the CPU' : 'by WebGPU'}: ${words}` };
}

function ms(time: number): string {
	return `${time.toPrecision(2)} ms`;
}

/** Throws InputError where the GPU computes nothing in 16 bits. */
async function requireHalves(): Promise<void> {
	const graph = new GraphBuilder('probe');
	graph.input('a', [SMALL], FLOAT);
	graph.output('b', [SMALL], FLOAT);
	const half = graph.node('half', 'Cast', ['a'], { attributes: { to: BigInt(FLOAT16) } });
	const twice = graph.node('twice', 'Add', [half, half]);
	graph.node('float', 'Cast', [twice], { outputs: ['b'], attributes: { to: BigInt(FLOAT) } });
	const session = await createDeviceSession(graph.build());
	try {
		await session.run({ a: tensor(new Float32Array(SMALL), [SMALL]) });
	} catch (error) {
		throw new InputError(
			`dtype float16: this GPU computes nothing in 16 bits (shader-f16); leave --dtype out`,
			{ cause: error }
		);
	} finally {
		await session.release();
	}
}

/** Milliseconds of a product on a device, median of some runs after one that is not counted. Throws where there is none. */
async function timeOf(device: OnnxDevice, runs: number, size: number): Promise<number> {
	const graph = new GraphBuilder('probe');
	graph.input('a', [size, size], FLOAT);
	graph.input('b', [size, size], FLOAT);
	graph.output('c', [1], FLOAT);
	const product = graph.node('product', 'MatMul', ['a', 'b']);
	const all = graph.node('all', 'ReduceSum', [product], { attributes: { keepdims: 0n } });
	graph.node('shape', 'Reshape', [all, graph.integers(1)], { outputs: ['c'] });
	const session = await ort.InferenceSession.create(graph.build(), {
		executionProviders: [device],
		logSeverityLevel: LOG_FATAL
	});
	const values = new Float32Array(size * size).fill(1 / size);
	const matrix = new ort.Tensor('float32', values, [size, size]);
	const times: number[] = [];
	try {
		for (let run = 0; run <= runs; run++) {
			const started = performance.now();
			await session.run({ a: matrix, b: matrix });
			if (run > 0) times.push(performance.now() - started);
		}
	} finally {
		await session.release();
	}
	return quantile(times, 0.5);
}

/** Shortens an error message of onnxruntime to one sentence. */
function reasonOf(text: string): string {
	if (text.includes('No supported adapters'))
		return 'no GPU, or none whose driver has what WebGPU needs';
	return text.split('\n')[0].slice(-MOST_WORDS);
}
