import type { AttentionLayout } from '../../engine/layout.ts';
import type { MemoryPlan } from '../../engine/memory.ts';
import type { PreparedDamage } from './prepare.ts';

/** Sequences of one length that every case is run on: windows of text, or probes of in-context recall. */
export interface Sample {
	of: 'text' | 'recall';
	windows: readonly { document: number; ids: readonly number[] }[];
	layout: AttentionLayout;
	memory: Pick<MemoryPlan, 'resident' | 'windowsPerGroup'>;
	/** The result of a window is the mean loss of so many tokens at its end. */
	scored: number;
	/** Floating-point operations of one window: a layer, the head, and one pair's `output`, which only text has. */
	work: { layer: number; head: number; output: number };
}

/** What a measurement runs its cases on. */
export function samplesOf(prepared: PreparedDamage): Sample[] {
	const { windows, layout, memory, work, recall } = prepared;
	const text: Sample = {
		of: 'text',
		windows,
		layout,
		memory,
		scored: layout.context - 1,
		work
	};
	return recall === null ? [text] : [text, recall];
}

/** What the progress file calls a case on a sample. */
export function resultName({ of }: Pick<Sample, 'of'>, name: string): string {
	return of === 'text' ? name : `recall ${name}`;
}

/** Whether a result of a progress file is one on text. */
export function isOnText(name: string): boolean {
	return !name.startsWith('recall ');
}
