import { estimateOf, type Estimate } from '../../engine/estimate.ts';
import type { Model } from '../../model/open.ts';
import { prepare, type PreparedAnalysis } from './prepare.ts';
import type { AnalyzeRequest } from './types.ts';

/** What a run would take. Throws InputError where it would be refused, with the reason. */
export async function estimateAnalysis(model: Model, request: AnalyzeRequest): Promise<Estimate> {
	return estimateOfAnalysis(await prepare(model, request), request.home);
}

/** What a prepared analysis will take. */
export function estimateOfAnalysis(prepared: PreparedAnalysis, home: string): Promise<Estimate> {
	return estimateOf({ ...prepared, checkpoint: prepared.model.facts }, home);
}
