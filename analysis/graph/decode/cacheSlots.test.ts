import { describe, expect, it } from 'vitest';
import { valuePlaces } from './cacheSlots.ts';

describe('places of followers in the cache', () => {
	it('puts two followers in the index of the first', () => {
		expect([...valuePlaces([0, 0, 2, 2, 4])]).toEqual([
			[1, { layer: 1, part: 'key' }],
			[3, { layer: 1, part: 'value' }]
		]);
	});

	it('cuts the values of an odd follower in halves', () => {
		expect([...valuePlaces([0, 0, 0, null, 0, 5])]).toEqual([
			[1, { layer: 1, part: 'key' }],
			[2, { layer: 1, part: 'value' }],
			[4, { layer: 4, part: 'both' }]
		]);
	});

	it('has none without followers', () => {
		expect(valuePlaces([0, null, 2]).size).toBe(0);
	});
});
