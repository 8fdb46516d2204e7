import { describe, expect, it } from 'vitest';
import { scoreProbes } from './score.ts';
import type { ProbeSet } from './types.ts';

const SET: ProbeSet = { task: 'labels', tokens: 64, sequences: [] };

describe('long in-context probes, scored', () => {
	it('by the right answer, the first, against the others', () => {
		// −ln of 1/2, 1/4, 1/8, 1/8: among them the right one has 1/2. Then 1/8 of 1/8, 1/2, 1/4, 1/8.
		const [half, quarter, eighth] = [2, 4, 8].map(Math.log);
		const sure = [half, quarter, eighth, eighth];
		const wrong = [eighth, half, quarter, eighth];
		const report = scoreProbes(SET, [
			{ baseline: [sure, sure], shared: [sure, wrong] },
			{ baseline: [sure, wrong], shared: [wrong, wrong] }
		]);
		expect([report.questions, report.sequences, report.chance]).toEqual([4, 2, 0.25]);
		expect(report.baseline.accuracy).toBe(0.75);
		expect(report.planned.accuracy).toBe(0.25);
		expect(report.baseline.nats).toBeCloseTo((3 * half + eighth) / 4, 12);
		expect(report.planned.nats).toBeCloseTo((half + 3 * eighth) / 4, 12);
		expect(report.delta.accuracy.value).toBe(-0.5);
		expect(report.delta.nats.value).toBeCloseTo((2 * (eighth - half)) / 4, 12);
		expect(report.mcnemar).toEqual({ onlyBaseline: 2, onlyShared: 0, p: 0.5 });
		expect(report.over).toBe('documents');
	});

	it('do not count a tie as right, and stand differences that have no exponential', () => {
		const tie = [[1, 1, 2, 3]];
		const far = [[2000, 1, 2, 3]];
		const { baseline, planned } = scoreProbes(SET, [{ baseline: tie, shared: far }]);
		expect(baseline.accuracy).toBe(0);
		expect(planned.nats).toBeCloseTo(1999 + Math.log(1 + Math.exp(-1) + Math.exp(-2)), 9);
	});
});
