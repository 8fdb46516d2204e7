import { availableParallelism } from 'node:os';
import * as ort from 'onnxruntime-node';
import { keepHalvesAsUint16 } from './halves.ts';
import type { OnnxDevice } from './onnxDevices.ts';

// Before any tensor is made.
keepHalvesAsUint16();

/** Feeds and fetches of a session, by name. */
export type Tensors = Record<string, ort.Tensor>;

/** Threads of one operator, in this thread of the process. */
let operatorThreads = availableParallelism();

/** Threads of one operator: every core the process may use, unless this thread was told otherwise. */
export function threadCount(): number {
	return operatorThreads;
}

/** Sessions that this thread makes from now on run their operators on so many threads. */
export function useThreads(count: number): void {
	operatorThreads = count;
}

/**
 * Log level at which onnxruntime writes to stderr only what ends the process. Its errors are thrown as well, and are
 * printed once, by whoever catches them.
 */
export const LOG_FATAL = 4;

/**
 * Behaviour of a session's threads while they are idle. Every session has threads of its own.
 * `rest`: sleep. Where threads spin after a run, they hold up the next session's: Gram sums took 110 ms a
 * window instead of 23.
 * `spin`: wait at the ready for the next operator, and sleep when the run ends. For graphs of many short
 * operators, run again and again: a layer is faster by an eighth.
 */
export type IdleThreads = 'rest' | 'spin';

const THREAD_SETTINGS = {
	rest: { intra_op: { allow_spinning: '0' } },
	spin: { force_spinning_stop: '1' }
};

/**
 * A session for a graph in memory. Creation blocks the thread, for a few milliseconds where the graph has no
 * weights. `dataFolder` is where its external data lies; null: it has none.
 */
export async function createSession(
	model: Uint8Array,
	idleThreads: IdleThreads = 'rest',
	dataFolder: string | null = null
): Promise<ort.InferenceSession> {
	const data = dataFolder !== null && { model_external_initializers_file_folder_path: dataFolder };
	return ort.InferenceSession.create(model, {
		intraOpNumThreads: operatorThreads,
		graphOptimizationLevel: 'all',
		// The arena keeps what it once took: 280 MB per run, and no time gained.
		enableCpuMemArena: false,
		extra: { session: { ...THREAD_SETTINGS[idleThreads], ...data } },
		logSeverityLevel: LOG_FATAL
	});
}

/** From so many threads and tokens of a window on, packing weights beforehand takes longer than it saves. */
const UNPACKED_FROM = { threads: 8, context: 512 };

/**
 * Tests if weights are to be packed while a session is made, which one thread does. Where they are not, every product packs
 * them anew, by all threads, in time that is lost in that of a long window's product: a checkpoint in TinyLlama's shape on 16
 * cores, 8 windows of 512 tokens, took 17.9 s from start to end instead of 19.7 to 23.9, and each further window as long;
 * on 2 cores it makes no difference. The number of windows must not decide: sums then differ by 2e-7, and those of shards
 * would not be those of the whole.
 */
export function isWorthPacking(context: number): boolean {
	return operatorThreads < UNPACKED_FROM.threads || context < UNPACKED_FROM.context;
}

/**
 * A session for a graph that holds a model's weights, which lie in files below `dataFolder`. Making it blocks the thread
 * for seconds: weights are widened to float32 and, unless `packed` is false, packed for the products. With `arena`, what a
 * run takes is kept for the next one; of many sessions each would keep as much. On another device than the CPU, weights lie
 * in its memory, and so do the outputs named in `kept`, which can be inputs of a later run.
 */
export async function createWeightSession(
	model: Uint8Array,
	dataFolder: string,
	{
		arena = true,
		device = 'cpu',
		kept = [],
		packed = true
	}: { arena?: boolean; device?: OnnxDevice; kept?: readonly string[]; packed?: boolean } = {}
): Promise<ort.InferenceSession> {
	return ort.InferenceSession.create(model, {
		executionProviders: [device],
		preferredOutputLocation: Object.fromEntries(kept.map((name) => [name, 'gpu-buffer' as const])),
		intraOpNumThreads: operatorThreads,
		graphOptimizationLevel: 'all',
		enableCpuMemArena: arena,
		// A second run would take all it needs anew, in one piece, beside what the arena holds.
		enableMemPattern: false,
		extra: {
			session: {
				...THREAD_SETTINGS.spin,
				...(device !== 'cpu' && { disable_cpu_ep_fallback: '1' }),
				...(!packed && { disable_prepacking: '1' }),
				model_external_initializers_file_folder_path: dataFolder
			}
		},
		logSeverityLevel: LOG_FATAL
	});
}

/** A session for a graph without weights that runs by WebGPU alone. */
export async function createDeviceSession(model: Uint8Array): Promise<ort.InferenceSession> {
	return ort.InferenceSession.create(model, {
		executionProviders: ['webgpu'],
		extra: { session: { disable_cpu_ep_fallback: '1' } },
		logSeverityLevel: LOG_FATAL
	});
}

/** Those of the tensors that a session asks for. */
export function feedsOf(session: ort.InferenceSession, tensors: Tensors): Tensors {
	return Object.fromEntries(session.inputNames.map((name) => [name, tensors[name]]));
}

/** A float32 tensor over the given array, which is not copied. */
export function tensor(data: Float32Array, dims: readonly number[]): ort.Tensor {
	return new ort.Tensor('float32', data, dims);
}

/** An int64 vector: indices. */
export function indices(values: readonly number[]): ort.Tensor {
	return new ort.Tensor('int64', BigInt64Array.from(values, BigInt), [values.length]);
}

/** Float32 values of an output; fails loudly where a graph put out something else. */
export function floats(outputs: ort.InferenceSession.OnnxValueMapType, name: string): Float32Array {
	const value = outputs[name];
	if (!('data' in value) || !(value.data instanceof Float32Array)) {
		throw new TypeError(`output ${name} is not float32`);
	}
	return value.data;
}

/** Lets messages, signals and reads be served between two runs, each of which blocks the thread. */
export function breathe(): Promise<void> {
	return new Promise((resolve) => setImmediate(resolve));
}
