import { estimateOf, type Estimate } from '../../engine/estimate.ts';
import type { Model } from '../../model/open.ts';
import { prepareDamage } from './prepare.ts';
import type { DamageRequest } from './types.ts';
import { workOfAll } from './work.ts';

/** Estimates time and memory of a damage map with no results yet. Throws InputError where it would be refused. */
export async function estimateDamage(model: Model, request: DamageRequest): Promise<Estimate> {
	const prepared = await prepareDamage(model, request);
	return estimateOf({ ...prepared, totalWork: workOfAll(prepared) }, request.home);
}
