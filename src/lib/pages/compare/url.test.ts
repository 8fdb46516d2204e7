import { describe, expect, it } from 'vitest';
import { readCompareUrl, writeCompareUrl, type CompareUrl } from './url.ts';

const read = (text: string) => readCompareUrl(new URLSearchParams(text));
const standing: CompareUrl = {
	runs: ['a', 'b'],
	metric: 'cosine',
	view: 'all',
	spans: null,
	range: null,
	pair: [0, 1]
};

describe('the address of a comparison', () => {
	it('is as short as it can be', () => {
		expect(writeCompareUrl(standing)).toBe('runs=a,b');
		expect(read('runs=a,b')).toEqual(standing);
	});
	it('says all that was chosen, and is read back the same', () => {
		const chosen: CompareUrl = {
			runs: ['a', 'b', 'c'],
			metric: 'hellinger',
			view: 'no-sink',
			spans: { by: 'similarity', minSimilarity: 0.75 },
			range: [0.2, 0.9],
			pair: [1, 2]
		};
		const text = 'runs=a,b,c&m=hellinger&v=no-sink&t=0.75&range=0.2,0.9&pair=1,2';
		expect(writeCompareUrl(chosen)).toBe(text);
		expect(read(text)).toEqual(chosen);
		expect(read('runs=a,b&f=3').spans).toEqual({ by: 'followers', followers: 3 });
	});
	it('passes over what is wrong, and counts a run named twice once', () => {
		expect(read('runs=a,,b,a&m=euclid&v=some&f=-1&t=x&range=0.9,0.2&pair=0,2')).toEqual(standing);
		expect(read('').runs).toEqual([]);
	});
});
