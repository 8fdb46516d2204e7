import type { Estimate } from '../../engine/estimate.ts';
import type { Model } from '../../model/open.ts';
import { estimateOfTune, prepareTune } from './prepare.ts';
import type { TuneRequest } from './types.ts';

/** Estimates time and memory of a tuning. Throws InputError where it would be refused. */
export async function estimateTune(
	model: Model,
	request: Omit<TuneRequest, 'out' | 'command'>
): Promise<Estimate> {
	return estimateOfTune(await prepareTune(model, request), request.home);
}
