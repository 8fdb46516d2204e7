import type { MemoryPlan } from './memory.ts';
import type { TorchDtype } from './torchSettings.ts';

/** Path, device and type with which a model was run, as results record them. */
export interface EnginePath {
	/**
	 * `resident`: its weights were in memory, packed; `streamed`: they were read layer by layer; `chunked`: streamed, and the
	 * attention of a long window taken some queries at a time.
	 */
	path: 'resident' | 'streamed' | 'chunked';
	/** "cpu", or what PyTorch calls the device: "cuda:0". */
	device: string;
	/** The type that it was computed in. */
	dtype: TorchDtype;
}

/** Engine that made figures, as results record it. */
export interface EngineRecord extends Pick<EnginePath, 'device' | 'dtype'> {
	name: 'onnxruntime' | 'torch';
	/** Left out: an earlier version did not record it. */
	path?: EnginePath['path'];
}

/** The path of a memory plan. */
export function pathOf({ resident, chunks }: Pick<MemoryPlan, 'resident' | 'chunks'>): EnginePath {
	const streamed = chunks === undefined ? 'streamed' : 'chunked';
	return { path: resident ? 'resident' : streamed, device: 'cpu', dtype: 'float32' };
}

const ENGINES = { onnxruntime: 'onnxruntime', torch: 'PyTorch' };
const WEIGHTS = {
	resident: 'weights in memory',
	streamed: 'weights read layer by layer',
	chunked: 'weights read layer by layer, attention in chunks of queries'
};

/** "onnxruntime on cpu in float32, weights in memory" */
export function engineWords({ name, device, dtype, path }: EngineRecord): string {
	const weights = path === undefined || name === 'torch' ? '' : `, ${WEIGHTS[path]}`;
	return `${ENGINES[name]} on ${device} in ${dtype}${weights}`;
}
