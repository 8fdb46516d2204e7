import { expect, it } from 'vitest';
import type { ResultSummary } from '$analysis/measure/results/types.ts';
import { visibleTexts } from '../../table/view.ts';
import { HARNESS_COLUMNS, harnessRows } from './harness.ts';

const common = { filter: 'none', questions: 200 };
const rows = [
	{
		...{ ...common, task: 'hellaswag', metric: 'acc', a: 0.55, b: 0.5 },
		delta: { value: -0.05, low: -0.09, high: -0.01 },
		mcnemar: { onlyA: 12, onlyB: 2, p: 0.0129 }
	},
	{
		...{ ...common, task: 'wikitext', metric: 'bits_per_byte', a: 0.8, b: 0.85 },
		delta: { value: 0.05, low: null, high: null },
		mcnemar: null
	}
];
const result = (tasks: unknown) => ({ id: 'r', tasks }) as unknown as ResultSummary;

it('rows of imported runs say the paired difference, its interval and McNemar; others are passed over', () => {
	const found = harnessRows([
		result(null),
		result({ a: 'base', b: 'planned', over: 'blocks', rows })
	]);
	expect(found).toHaveLength(2);
	const [first, second] = visibleTexts(HARNESS_COLUMNS, found, '', null, 10).rows;
	expect(first).toEqual([
		...['base → planned', 'hellaswag', 'acc', '200', '55.0%', '50.0%'],
		...['−5.0% [−9.0%, −1.0%]', '12 : 2, 0.0129']
	]);
	expect(second.slice(4)).toEqual(['0.8000', '0.8500', '+0.0500', '–']);
});
