import { BASELINE, costsOfCases } from './cases.ts';
import type { PreparedDamage } from './prepare.ts';
import { samplesOf, type Sample } from './sample.ts';

/** Floating-point operations of some cases on one window, the baseline among them where it is missing. */
export function workOfCases(
	prepared: Pick<PreparedDamage, 'checkpoint' | 'maxSpan'>,
	{ work }: Sample,
	names: readonly string[]
): number {
	if (names.length === 0) return 0;
	const { checkpoint, maxSpan } = prepared;
	const { layers, reach } = checkpoint.config;
	const costs = costsOfCases(reach, maxSpan);
	// The baseline and the sources' attention are run again, whatever there is.
	const evaluations = names.reduce((sum, name) => sum + (costs.get(name) ?? 0), 2 * layers);
	const heads = 1 + names.filter((name) => name !== BASELINE).length;
	const outputs = layers + names.filter(isPair).length;
	return evaluations * work.layer + heads * work.head + outputs * work.output;
}

/** Of every case on every window: what it takes where nothing is there yet. */
export function workOfAll(prepared: PreparedDamage): number {
	const { checkpoint, maxSpan } = prepared;
	const names = [BASELINE, ...costsOfCases(checkpoint.config.reach, maxSpan).keys()];
	return samplesOf(prepared).reduce(
		(sum, sample) => sum + sample.windows.length * workOfCases(prepared, sample, names),
		0
	);
}

/** Whether a case's `output` is measured with it. */
function isPair(name: string): boolean {
	return name.startsWith('share') && !name.includes('-');
}
