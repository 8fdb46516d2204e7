import type { Estimate } from '../../engine/estimate.ts';
import type { Model } from '../../model/open.ts';
import { estimateOfEvaluation, prepareEvaluation } from './prepare.ts';
import type { EvaluateRequest } from './types.ts';

/** Estimates time and memory of an evaluation. Throws InputError where it would be refused. */
export async function estimateEvaluation(
	model: Model,
	request: EvaluateRequest
): Promise<Estimate> {
	return estimateOfEvaluation(await prepareEvaluation(model, request), request.home);
}
