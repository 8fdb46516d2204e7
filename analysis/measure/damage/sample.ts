import type { PlansSample, PlansWork } from '../../engine/plans.ts';

/** Sequences of one length that every case is run on: windows of text, or probes of in-context recall. */
export interface Sample extends Pick<PlansSample, 'scored'> {
	of: 'text' | 'recall';
	windows: readonly { document: number; ids: readonly number[] }[];
	/** Of one window. */
	work: PlansWork;
}

/** What the progress file calls a case on a sample. */
export function resultName({ of }: Pick<Sample, 'of'>, name: string): string {
	return of === 'text' ? name : `recall ${name}`;
}

/** Whether a result of a progress file is one on text. */
export function isOnText(name: string): boolean {
	return !name.startsWith('recall ');
}
