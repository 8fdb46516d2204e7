import type { MemoryPlan } from './memory.ts';
import type { TorchDtype } from './torchSettings.ts';

/** How a model was run, as results record it. */
export interface EnginePath {
	/** `resident`: its weights were in memory, packed; `streamed`: they were read layer by layer. */
	path: 'resident' | 'streamed';
	/** "cpu", or what PyTorch calls the device: "cuda:0". */
	device: string;
	/** The type that it was computed in. */
	dtype: TorchDtype;
}

/** The path of a memory plan. */
export function pathOf({ resident }: Pick<MemoryPlan, 'resident'>): EnginePath {
	return { path: resident ? 'resident' : 'streamed', device: 'cpu', dtype: 'float32' };
}
