import { describe, expect, it } from 'vitest';
import type { EvaluateReport } from '$analysis/measure/evaluate/types.ts';
import { intervalRows } from './intervals.ts';

const report = (gates: EvaluateReport['gates']) =>
	({ delta: { loss: 0.25, low: 0.2, high: 0.3, over: 'blocks' }, gates }) as EvaluateReport;

describe('intervals against zero and gates', () => {
	it('show the loss increase even where no gate was asked for', () => {
		const [row, ...rest] = intervalRows(report(null));
		expect(rest).toEqual([]);
		expect(row).toMatchObject({ value: 0.25, zero: 0, limit: null, verdict: null, asked: '' });
		expect(row.text).toBe('+0.250 [+0.200, +0.300]');
		expect(row.range[0]).toBe(0);
		expect(row.range[1]).toBeGreaterThanOrEqual(0.3);
	});
	it('show each gate with its limit inside the range, and by how much it was missed', () => {
		const rows = intervalRows(
			report({
				verdict: 'fail',
				judged: [
					{
						gate: 'maxLossIncrease',
						limit: 0.5,
						value: 0.25,
						low: 0.2,
						high: 0.3,
						verdict: 'pass',
						excess: -0.25
					},
					{
						gate: 'minAgreement',
						limit: 0.9,
						value: 0.8,
						low: 0.75,
						high: 0.85,
						verdict: 'fail',
						excess: 0.1
					}
				]
			})
		);
		expect(rows.map(({ verdict }) => verdict)).toEqual(['pass', 'fail']);
		expect(rows.map(({ name }) => name)).toEqual(['Loss increase (nats/token)', 'Top-1 agreement']);
		expect(rows[0].range[1]).toBeGreaterThanOrEqual(0.5);
		expect(rows[0].asked).toBe('at most +0.500; margin 0.250');
		expect(rows[1].text).toBe('80.0% [75.0%, 85.0%]');
		expect(rows[1].asked).toBe('at least 90.0%; missed by 10.0%');
		expect(rows[1].range[1]).toBe(1);
		expect(rows[1].tick(0.8)).toBe('80%');
	});
});
