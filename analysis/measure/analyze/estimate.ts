import { estimateOf, type Estimate } from '../../engine/estimate.ts';
import type { Model } from '../../model/open.ts';
import { prepare, type PreparedAnalysis } from './prepare.ts';
import type { AnalyzeRequest } from './types.ts';

/** Estimates the time and memory of a run. Throws InputError with the reason where it would be refused. */
export async function estimateAnalysis(model: Model, request: AnalyzeRequest): Promise<Estimate> {
	return estimateOfAnalysis(await prepare(model, request), request.home);
}

/** Estimates the time and memory of a prepared analysis. */
export function estimateOfAnalysis(prepared: PreparedAnalysis, home: string): Promise<Estimate> {
	return estimateOf({ ...prepared, checkpoint: prepared.model.facts }, home);
}
