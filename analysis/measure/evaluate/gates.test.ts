import { describe, expect, it } from 'vitest';
import { judgeGates, parseGates } from './gates.ts';

const figures = {
	lossIncrease: { value: 0.2, low: 0.15, high: 0.25 },
	agreement: { value: 0.8, low: 0.75, high: 0.85 }
};
const verdict = (gates: Parameters<typeof judgeGates>[0]) => judgeGates(gates, figures)?.verdict;

describe('gates', () => {
	it('pass where the whole interval keeps the limit, the limit included', () => {
		expect(verdict({ maxLossIncrease: 0.25, minAgreement: 0.75 })).toBe('pass');
	});
	it('fail where the whole interval breaks the limit', () => {
		expect(verdict({ maxLossIncrease: 0.14 })).toBe('fail');
		expect(verdict({ minAgreement: 0.86 })).toBe('fail');
	});
	it('are inconclusive where the limit falls within the interval', () => {
		expect(verdict({ maxLossIncrease: 0.15 })).toBe('inconclusive');
		expect(verdict({ maxLossIncrease: 0.2 })).toBe('inconclusive');
		expect(verdict({ minAgreement: 0.85 })).toBe('inconclusive');
	});
	it('are inconclusive without an interval', () => {
		const single = { value: 0.2, low: null, high: null };
		const report = judgeGates({ maxLossIncrease: 9 }, { lossIncrease: single, agreement: single });
		expect(report?.verdict).toBe('inconclusive');
	});
	it('fail together where one fails, whatever the others say', () => {
		expect(verdict({ maxLossIncrease: 0.2, minAgreement: 0.9 })).toBe('fail');
		expect(verdict({ maxLossIncrease: 0.2, minAgreement: 0.1 })).toBe('inconclusive');
	});
	it('say by how much', () => {
		const report = judgeGates({ maxLossIncrease: 0.05, minAgreement: 0.5 }, figures);
		expect(report?.judged.map(({ gate }) => gate)).toEqual(['maxLossIncrease', 'minAgreement']);
		expect(report?.judged[0].excess).toBeCloseTo(0.15, 12);
		expect(report?.judged[1].excess).toBeCloseTo(-0.3, 12);
	});
	it('judge long in-context probes one by one, each by its name', () => {
		const probeDrops = [
			{ of: 'labels, 64 tokens', value: 0.2, low: 0.1, high: 0.3 },
			{ of: 'labels, 128 tokens', value: 0, low: -0.1, high: 0.05 }
		];
		const report = judgeGates({ maxProbeDrop: 0.05 }, { ...figures, probeDrops });
		expect(report?.judged.map(({ gate, of, verdict }) => [gate, of, verdict])).toEqual([
			['maxProbeDrop', 'labels, 64 tokens', 'fail'],
			['maxProbeDrop', 'labels, 128 tokens', 'pass']
		]);
		expect(report?.verdict).toBe('fail');
	});
	it('are nothing where none is given', () => {
		expect(judgeGates({}, figures)).toBeNull();
	});
});

describe('a gates file', () => {
	it('holds any of the gates', () => {
		expect(parseGates({ minAgreement: 0.9 }, 'gates.json')).toEqual({ minAgreement: 0.9 });
	});
	it.each([
		[{ maxLoss: 1 }, 'gates.json: maxLoss: not known here; allowed: maxLossIncrease'],
		[{ minAgreement: 90 }, 'gates.json: minAgreement: found 90'],
		[{ maxLossIncrease: '0.1' }, 'gates.json: maxLossIncrease: found "0.1"; expected number'],
		[[], 'gates.json: found "a list"; expected Object']
	])('%j is refused', (json, message) => {
		expect(() => parseGates(json, 'gates.json')).toThrow(message);
	});
});
