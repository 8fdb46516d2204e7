import { describe, expect, it } from 'vitest';
import type { DamageTables } from './damageTables.ts';
import { beyondRange, damageMap, outputMap, recallMap } from './mapShown.ts';

const added = (loss: number | null) => ({ loss, low: null, high: null });
const pair = (source: number, follower: number, loss: number | null, output: number | null) => ({
	source,
	follower,
	output,
	...added(loss)
});
const tables: DamageTables = {
	layers: 3,
	drops: [added(0.9), added(0.1), added(0.2)],
	// prettier-ignore
	pairs: [
		null, pair(0, 1, 0.3, -0.5), pair(0, 2, null, null),
		null, null, pair(1, 2, 0.4, 0.25),
		null, null, null
	],
	spans: new Map(),
	recall: null
};

describe('damageMap', () => {
	const map = damageMap(tables);
	it('has pairs above the diagonal and dropped layers upon it, nothing below', () => {
		expect([...map.values]).toEqual([0.9, 0.3, NaN, NaN, 0.1, 0.4, NaN, NaN, 0.2]);
		expect([...(map.missing ?? [])]).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 0]);
	});
	it('spreads its colours over the bulk, and says how many cells lie beyond', () => {
		// Quartiles 0.2 and 0.4: the fence is at 0.7.
		expect(map.range).toEqual([0.1, 0.4]);
		expect(beyondRange(map, map.range)).toBe(1);
		expect(beyondRange(map, [0, 1])).toBe(0);
	});
});

describe('outputMap', () => {
	it('has pairs above the diagonal and nothing else', () => {
		const map = outputMap(tables);
		expect([...map.values]).toEqual([NaN, -0.5, NaN, NaN, NaN, 0.25, NaN, NaN, NaN]);
		expect([...(map.missing ?? [])]).toEqual([1, 0, 1, 1, 1, 0, 1, 1, 1]);
		expect(map.range).toEqual([-0.5, 0.25]);
	});
});

describe('recallMap', () => {
	it('has what pairs and drops cost recall, where it was measured', () => {
		const recall = {
			drops: [added(0.5), added(2), added(0)],
			// prettier-ignore
			pairs: [
				null, added(1.5), added(null),
				null, null, added(0.25),
				null, null, null
			]
		};
		expect([...recallMap({ ...tables, recall }).values]).toEqual([
			0.5,
			1.5,
			NaN,
			NaN,
			2,
			0.25,
			NaN,
			NaN,
			0
		]);
	});
	it('is empty where it was not', () => {
		expect([...(recallMap(tables).missing ?? [])]).toEqual(Array(9).fill(1));
	});
});
