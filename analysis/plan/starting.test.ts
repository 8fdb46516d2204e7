import { describe, expect, it } from 'vitest';
import { startingRule, startingSources } from './starting.ts';

const plain = (layers: number) => new Array<null>(layers).fill(null);
/** Layers are the more alike the nearer they are. */
const near = (layers: number) =>
	Float64Array.from(
		{ length: layers * layers },
		(_, index) => 1 - 0.1 * Math.abs(Math.floor(index / layers) - (index % layers))
	);

describe('the plan that a run begins with', () => {
	it('has a quarter of the layers following, of which neither is the first or the last', () => {
		const { followers, limits } = startingRule(plain(8));
		expect(followers).toBe(2);
		expect(limits.protectedLayers).toEqual([0, 7]);
		const sources = startingSources(near(8), plain(8));
		expect(sources.filter((source, layer) => source !== layer)).toHaveLength(2);
		expect([sources[0], sources[1], sources[7]]).toEqual([0, 1, 7]);
	});
	it('protects neither of two layers, for then none could follow', () => {
		expect(startingRule(plain(2)).limits.protectedLayers).toEqual([]);
		expect(startingSources(near(2), plain(2))).toEqual([0, 0]);
	});
	it('has no followers where none can be', () => {
		expect(startingSources(near(1), plain(1))).toEqual([0]);
		expect(startingSources(near(3), plain(3))).toEqual([0, 1, 2]);
		expect(startingRule([4, null, 4, null, 4, null, 4, null]).followers).toBe(0);
	});
});
