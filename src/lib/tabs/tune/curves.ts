import type { Series } from '$analysis/figure/frame.ts';
import type { Arm, TunedArm, TuneReport } from '$analysis/measure/tune/types.ts';
import { csv } from '$analysis/text/csv.ts';

const COLOURS: Readonly<Record<Arm, string>> = {
	planned: 'var(--series-1)',
	control: 'var(--series-2)',
	rival: 'var(--series-3)'
};

/** Loss or recall on the text that decides when to stop, by step; models without the figure are left out. */
export function curvesOf(arms: readonly TunedArm[], of: 'loss' | 'recall'): Series[] {
	return arms.flatMap(({ arm, looks }): Series[] => {
		const points = looks.flatMap((look) => {
			const value = look[of];
			return value === null ? [] : [{ step: look.step, value }];
		});
		if (points.length === 0) return [];
		return [
			{
				name: arm,
				colour: COLOURS[arm],
				xs: points.map(({ step }) => step),
				ys: points.map(({ value }) => value)
			}
		];
	});
}

/** Comparisons and looks as one table, a line per figure. */
export function tuneCsv({ arms, comparisons }: TuneReport): string {
	return csv([
		['model or difference', 'step', 'figure', 'value', 'low', 'high'],
		...comparisons.flatMap(({ words, text, recall, accuracy }) => [
			[words, null, 'text', text.loss, text.low, text.high],
			...(recall === null ? [] : [[words, null, 'recall', recall.loss, recall.low, recall.high]]),
			...(accuracy === undefined
				? []
				: [[words, null, 'accuracy', accuracy.value, accuracy.low, accuracy.high]])
		]),
		...arms.flatMap(({ arm, looks }) =>
			looks.flatMap(({ step, loss, recall }) => [
				[arm, step, 'text', loss, null, null],
				...(recall === null ? [] : [[arm, step, 'recall', recall, null, null]])
			])
		)
	]);
}
