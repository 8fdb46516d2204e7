import type { PlansSample, PlansWork } from '../../engine/plans.ts';
import { ownOf } from '../shards/shard.ts';
import type { PreparedDamage } from './prepare.ts';

/** Sequences of one length that every case is run on: windows of text, or probes of in-context recall. */
export interface Sample extends Pick<PlansSample, 'scored'> {
	of: 'text' | 'recall';
	windows: readonly { document: number; ids: readonly number[] }[];
	/** Of one window. */
	work: PlansWork;
}

/** The windows of a sample that are measured: all, or those of a shard. */
export function windowsToMeasure(
	{ shard }: Pick<PreparedDamage, 'shard'>,
	{ windows }: Sample
): number[] {
	return ownOf([...windows.keys()], shard);
}

/** Returns the name of a case on a sample, as the progress file has it. */
export function resultName({ of }: Pick<Sample, 'of'>, name: string): string {
	return of === 'text' ? name : `recall ${name}`;
}

/** Returns true if the result of that name in a progress file is one on text, not on probes of recall. */
export function isOnText(name: string): boolean {
	return !name.startsWith('recall ');
}
