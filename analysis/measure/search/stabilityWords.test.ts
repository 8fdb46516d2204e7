import { expect, it } from 'vitest';
import { stabilityWords } from './stabilityWords.ts';

const plans = [{ name: 'mixed', sources: [0, 0, null, 3] }];
const stability = { resamples: 100, layers: [0, 1, 0.64, 0.02], same: 0.34 };

it('says of each layer that the plan changes in how many resamples it is changed', () => {
	expect(stabilityWords({ stability, plans, verdict: { plan: 'mixed' } })).toBe(
		'Stability: 34% of 100 resamples of the search part give exactly this plan; layer 1 is changed in 100% of them, 2 in 64%.'
	);
});

it('says nothing where there is no plan, and of searches that did not measure it', () => {
	expect(stabilityWords({ stability, plans, verdict: { plan: null } })).toBeNull();
	expect(stabilityWords({ plans, verdict: { plan: 'mixed' } })).toBeNull();
});
