import type { MemoryPlan } from './memory.ts';

/** How a model was run, as results record it. */
export interface EnginePath {
	/** `resident`: its weights were in memory, packed; `streamed`: they were read layer by layer. */
	path: 'resident' | 'streamed';
	device: 'cpu';
	/** The type that it was computed in. */
	dtype: 'float32';
}

/** The path of a memory plan. */
export function pathOf({ resident }: Pick<MemoryPlan, 'resident'>): EnginePath {
	return { path: resident ? 'resident' : 'streamed', device: 'cpu', dtype: 'float32' };
}
