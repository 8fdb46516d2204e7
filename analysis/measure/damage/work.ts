import { BASELINE, costsOfCases, outputEvaluations, sourcesOf } from './cases.ts';
import type { PreparedDamage } from './prepare.ts';
import type { Sample } from './sample.ts';

/** Floating-point operations of some cases on one window, the baseline among them where it is missing. */
export function workOfCases(
	{ checkpoint, maxSpan }: Pick<PreparedDamage, 'checkpoint' | 'maxSpan'>,
	{ of, work }: Sample,
	names: readonly string[]
): number {
	if (names.length === 0) return 0;
	const { layers, slidingWindows } = checkpoint.config;
	const costs = costsOfCases(slidingWindows, maxSpan);
	const pairs = of === 'text' ? names.filter(isPair).length : 0;
	// The baseline and the sources' attention are run again, whatever there is.
	const outputPass = outputEvaluations(slidingWindows);
	const again =
		layers + sourcesOf(slidingWindows).length + (pairs > 0 ? outputPass.all - outputPass.kept : 0);
	const evaluations = names.reduce((sum, name) => sum + (costs.get(name) ?? 0), again);
	const outputs = pairs > 0 ? layers + pairs : 0;
	return evaluations * work.layer + names.length * work.head + outputs * work.output;
}

/** Of every case on every window: what it takes where nothing is there yet. */
export function workOfAll(prepared: PreparedDamage): number {
	const { checkpoint, maxSpan, samples } = prepared;
	const names = [BASELINE, ...costsOfCases(checkpoint.config.slidingWindows, maxSpan).keys()];
	return samples.reduce(
		(sum, sample) => sum + sample.windows.length * workOfCases(prepared, sample, names),
		0
	);
}

/** Returns true if a case is a pair, whose `output` is measured with it. */
function isPair(name: string): boolean {
	return name.startsWith('share') && !name.includes('-');
}
