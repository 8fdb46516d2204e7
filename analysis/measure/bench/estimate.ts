import { checkSpace } from '../../apply/scratch.ts';
import type { Estimate } from '../../engine/estimate.ts';
import type { Model } from '../../model/open.ts';
import type { BenchRequest } from './benchTypes.ts';
import { estimateOfBench, prepareBench } from './prepareBench.ts';

/** Estimates the time and memory of a bench. Throws InputError if it would be refused or the disk lacks space. */
export async function estimateBench(model: Model, request: BenchRequest): Promise<Estimate> {
	const { home } = request;
	const prepared = await prepareBench(model, request);
	await checkSpace({ home, id: 'bench', bytesNeeded: prepared.scratchBytes });
	return estimateOfBench(prepared, home);
}
