import { describe, expect, it } from 'vitest';
import { gatesFrom, probeLengths } from './form.ts';
import { planFromText } from '../../measure/askedPlan.ts';

describe('gates of the form', () => {
	it('are shares where the reader gave percentages, 0 included', () => {
		expect(
			gatesFrom({ maxLossIncrease: 0, minAgreementPercent: 80, maxAccuracyDropPercent: 2.5 })
		).toEqual({ maxLossIncrease: 0, minAgreement: 0.8, maxAccuracyDrop: 0.025 });
	});
	it('are none where fields are empty', () => {
		expect(
			gatesFrom({
				maxLossIncrease: null,
				minAgreementPercent: undefined,
				maxAccuracyDropPercent: null
			})
		).toEqual({});
	});
});

it('offers the lengths of probes that the model has positions for, or its own where they are few', () => {
	const offered = [4096, 256, 32].map((maxPositions) => probeLengths({ maxPositions }));
	expect(offered).toEqual([[512, 1024, 2048, 4096], [256], []]);
});

it('a plan file that is no JSON is refused by name', () => {
	expect(planFromText('{"a": 1}', 'p.json')).toEqual({ a: 1 });
	expect(() => planFromText('sources: 1', 'p.json')).toThrow(
		'p.json: not JSON; expected a plan that Spanwise saved'
	);
});
